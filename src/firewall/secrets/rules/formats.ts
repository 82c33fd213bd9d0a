import { decodeBase58Check, hasBech32Checksum } from '../checksums.ts'
import type { SecretRule } from '../rule.ts'
import { authorizationHeader } from '../scanners/authorization.ts'
import { curlHeader, curlUser } from '../scanners/curl.ts'
import { connectionStringPassword } from '../scanners/files.ts'
import { genericAssignment } from '../scanners/generic.ts'
import { jsonWebToken } from '../scanners/jwt.ts'
import { kubernetesSecret } from '../scanners/kubernetes.ts'
import { privateKeyBlock, puttyKey } from '../scanners/private-key.ts'
import { urlPassword } from '../scanners/url-password.ts'
import { gitleaks, secretlint, vendorPage } from './sources.ts'

const rfc = (number: number) => vendorPage(`www.rfc-editor.org/rfc/rfc${number}`)
const schemes = (list: string): readonly string[] => list.split(' ').map((scheme) => `${scheme}://`)

/** What no single vendor owns: keys in files, tokens in headers, passwords in addresses. */
export const formatRules: readonly SecretRule[] = [
  {
    id: 'pem-private-key',
    vendor: 'PEM',
    type: 'PRIVATE_KEY',
    anchors: ['-----BEGIN '],
    scan: privateKeyBlock((label) => label.endsWith('PRIVATE KEY')),
    confidence: 0.98,
    ...rfc(7468),
    hits: [
      '«-----BEGIN RSA PRIVATE KEY-----\n{make:pem}\n-----END RSA PRIVATE KEY-----»\n',
      '{"type":"service_account","private_key":"«-----BEGIN PRIVATE KEY-----\\n{make:escapedpem}\\n-----END PRIVATE KEY-----»\\n"}',
      'key: «-----BEGIN OPENSSH PRIVATE KEY-----\n{make:pem}» and then nothing more',
    ],
    misses: [
      '-----BEGIN PRIVATE KEY-----\nanything\n-----END PRIVATE KEY-----',
      '-----BEGIN CERTIFICATE-----\n{make:pem}\n-----END CERTIFICATE-----',
      "if (line.startsWith('-----BEGIN PRIVATE KEY-----')) return",
    ],
  },
  {
    id: 'pgp-private-key',
    vendor: 'PGP',
    type: 'PRIVATE_KEY',
    anchors: ['-----BEGIN PGP'],
    scan: privateKeyBlock((label) => label === 'PRIVATE KEY BLOCK'),
    confidence: 0.98,
    ...rfc(9580),
    hits: [
      '«-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{make:pem}\n=aB3d\n-----END PGP PRIVATE KEY BLOCK-----»',
    ],
    misses: ['-----BEGIN PGP PUBLIC KEY BLOCK-----\n{make:pem}\n-----END PGP PUBLIC KEY BLOCK-----'],
  },
  {
    id: 'putty-private-key',
    vendor: 'PuTTY',
    type: 'PRIVATE_KEY',
    anchors: ['Private-Lines'],
    scan: puttyKey,
    confidence: 0.97,
    ...vendorPage('tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html'),
    hits: ['PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 4\n«{make:pem}»\nPrivate-MAC: 00'],
    misses: ['Private-Lines: 4\nnone'],
  },
  {
    id: 'json-web-token',
    vendor: 'JWT',
    type: 'JWT',
    anchors: ['eyJ'],
    scan: jsonWebToken,
    confidence: 0.9,
    ...rfc(7519),
    hits: ['Authorization: Bearer «{make:jwt}»', '"id_token":"«{make:jwt}»"'],
    misses: ['eyJ{alnum:30}.eyJ{alnum:30}.{alnum:43}', '{make:unsignedjwt}'],
  },
  {
    id: 'authorization-header',
    vendor: 'HTTP',
    type: 'AUTHORIZATION',
    anchors: ['authorization'],
    scan: authorizationHeader,
    confidence: 0.8,
    ...rfc(9110),
    hits: [
      'Authorization: Basic «{make:basic}»',
      "headers: { Authorization: 'Bearer «{alnum:40}»' }",
      'proxy-authorization: Token «{lowerhex:40}»',
    ],
    misses: [
      'Authorization: Bearer <token>',
      'Authorization: Bearer {make:variable}',
      "Authorization: 'Bearer ' + token",
      'Authorization: Bearer YOUR_ACCESS_TOKEN',
      'Authorization: Basic ...',
    ],
  },
  {
    id: 'curl-user',
    vendor: 'curl',
    type: 'PASSWORD',
    anchors: ['curl '],
    scan: curlUser,
    confidence: 0.8,
    ...gitleaks,
    hits: [
      'curl -u ci-bot:«{make:password}» https://api.acme.dev',
      'curl \\\n  --user "me:«{make:password}»" \\\n  https://api.acme.dev',
    ],
    misses: [
      "curl -i -u 'test:test'",
      'curl -u <user:password> https://test.com',
      'curl --user "$1:$2" "$3"',
      'curl -u "myusername" http://localhost/',
      "command = 'curl -k -u ' + user7 + ':' + pass7 + ' https://api.acme.dev'",
    ],
  },
  {
    id: 'curl-header',
    vendor: 'curl',
    type: 'API_KEY',
    anchors: ['curl '],
    scan: curlHeader,
    confidence: 0.8,
    ...gitleaks,
    hits: [
      "curl -H 'X-Api-Key: «{alnum:24}»' https://api.acme.dev",
      'curl --header "Authorization: Bearer «{lowerhex:32}»"',
    ],
    misses: [
      'curl -H "apikey: $API_KEY"',
      'curl -H "Authorization: Bearer XXXXXXXXXXXX"',
      'curl -H "Content-Type: application/json"',
    ],
  },
  {
    id: 'database-url-password',
    vendor: 'SQL databases',
    type: 'DATABASE_PASSWORD',
    anchors: schemes(
      'postgres postgresql mysql mariadb mssql sqlserver cockroachdb clickhouse oracle db2 redshift snowflake postgresql+psycopg2 postgresql+psycopg postgresql+asyncpg mysql+pymysql mysql+aiomysql mysql+mysqlconnector mysql2 mssql+pyodbc',
    ),
    scan: urlPassword,
    ...secretlint,
    hits: [
      'DATABASE_URL=postgres://app:«{make:password}»@db.acme.dev:5432/app',
      "create_engine('postgresql+asyncpg://app:«{make:password}»@db/app')",
      'jdbc:mysql://app:«{make:password}»@db:3306/app',
    ],
    misses: [
      'postgres://user:password@localhost:5432/db',
      'postgres://{make:variable}:{make:variable}@db/app',
      'postgres://localhost:5432/db',
    ],
  },
  {
    id: 'store-url-password',
    vendor: 'NoSQL stores and brokers',
    type: 'DATABASE_PASSWORD',
    anchors: schemes(
      'mongodb mongodb+srv redis rediss valkey amqp amqps nats kafka mqtt mqtts couchdb cassandra neo4j bolt neo4j+s influxdb memcached etcd',
    ),
    scan: urlPassword,
    ...secretlint,
    hits: [
      'mongodb+srv://app:«{make:password}»@cluster0.acme.mongodb.net/app',
      'REDIS_URL=redis://:«{make:password}»@cache:6379/0',
      'amqps://app:«{make:password}»@mq/vhost',
    ],
    misses: ['redis://localhost:6379', 'mongodb://root:example@mongo:27017/', 'amqp://guest:guest@localhost'],
  },
  {
    id: 'mail-url-password',
    vendor: 'SMTP and IMAP',
    type: 'MAIL_PASSWORD',
    anchors: schemes('smtp smtps imap imaps pop3 pop3s smtp+tls'),
    scan: urlPassword,
    ...rfc(3986),
    hits: ['MAIL_URL=smtps://bot:«{make:password}»@mail.acme.dev:465'],
    misses: ['smtp://user:pass@localhost:25'],
  },
  {
    id: 'web-url-password',
    vendor: 'HTTP and FTP',
    type: 'URL_PASSWORD',
    anchors: schemes('http https ftp ftps sftp ssh git ldap ldaps rtsp ws wss socks5 svn smb'),
    scan: urlPassword,
    ...secretlint,
    hits: [
      'git clone https://ci:«{make:password}»@git.acme.dev/r.git',
      'ftp://deploy:«{make:password}»@files.acme.dev/',
    ],
    misses: [
      'https://user:pass@example.com',
      'http://localhost:8080/@scope/package',
      'https://cdn.test/npm/pkg@1.2.3:x',
      'ssh://git@github.com:22/o/r',
    ],
  },
  {
    id: 'connection-string-password',
    vendor: 'ADO.NET and ODBC',
    type: 'DATABASE_PASSWORD',
    anchors: [';pwd=', ';password=', '; password=', '; pwd='],
    scan: connectionStringPassword,
    ...vendorPage('learn.microsoft.com/dotnet/framework/data/adonet/connection-strings'),
    hits: ['Server=tcp:db.acme.dev;Database=app;User Id=app;Password=«{make:password}»;Encrypt=true;'],
    misses: ['Host=your_host;Database=db;Username=u;Password=your_password;', 'color: red; password=x'],
  },
  {
    id: 'kubernetes-secret',
    vendor: 'Kubernetes',
    type: 'KUBERNETES_SECRET',
    anchors: ['kind:'],
    scan: kubernetesSecret,
    confidence: 0.85,
    ...vendorPage('kubernetes.io/docs/concepts/configuration/secret'),
    hits: [
      'apiVersion: v1\nkind: Secret\ndata:\n  username: YWRtaW4=\n  password: «{make:secretdata}»\n',
      'data:\n  token: "«{make:secretdata}»"\nkind: Secret\n',
      'kind: Secret\nstringData:\n  password: «{make:password}»\n',
    ],
    misses: [
      'kind: ConfigMap\ndata:\n  password: {make:secretdata}\n',
      'kind: Secret\ndata:\n  password: {{ .Values.password | b64enc }}\n',
      'kind: Secret\n---\ndata:\n  password: {make:secretdata}\n',
    ],
  },
  {
    id: 'bitcoin-private-key',
    vendor: 'Bitcoin',
    type: 'CRYPTO_PRIVATE_KEY',
    names: ['wif', 'priv', 'bitcoin', 'btc', 'wallet', 'secret_key', 'secretkey'],
    values: ['{base58:51-52}'],
    isNamedSecret: false,
    check: isWif,
    confidence: 0.99,
    ...vendorPage('en.bitcoin.it/wiki/Wallet_import_format'),
    hits: ['private_key = "«{make:wif}»"', 'WIF=«{make:wif}»'],
    misses: ['wif={base58:52}'],
  },
  {
    id: 'extended-private-key',
    vendor: 'Bitcoin',
    type: 'CRYPTO_PRIVATE_KEY',
    shapes: ['(xprv|yprv|zprv|tprv){base58:107-108}'],
    check: (value) => decodeBase58Check(value)?.length === 78,
    confidence: 0.99,
    ...vendorPage('github.com/bitcoin/bips/blob/master/bip-0032.mediawiki'),
    hits: ['«{make:xprv}»'],
    misses: ['xprv{base58:107}'],
  },
  {
    id: 'nostr-private-key',
    vendor: 'Nostr',
    type: 'CRYPTO_PRIVATE_KEY',
    shapes: ['nsec1{loweralnum:58}'],
    check: hasBech32Checksum,
    confidence: 0.99,
    ...vendorPage('github.com/nostr-protocol/nips/blob/master/19.md'),
    hits: ['«{make:nsec}»'],
    misses: ['nsec1{loweralnum:58}'],
  },
  {
    id: 'ethereum-private-key',
    vendor: 'Ethereum',
    type: 'CRYPTO_PRIVATE_KEY',
    names: ['private_key', 'privatekey', 'deployer_key', 'wallet_key'],
    values: ['0x{hex:64}', '{lowerhex:64}'],
    entropy: 3.2,
    known: anvilKeys(),
    ...vendorPage('ethereum.org/developers/docs/accounts'),
    hits: ['PRIVATE_KEY=«0x{lowerhex:64}»', "deployerPrivateKey: '«{lowerhex:64}»'"],
    misses: ['PRIVATE_KEY=0x{lowerhex:40}', 'txHash=0x{lowerhex:64}'],
  },
  {
    id: 'generic-assignment',
    vendor: 'any',
    type: 'SECRET',
    anchors: [
      'password',
      'passwd',
      'passphrase',
      'secret',
      'token',
      'api_key',
      'apikey',
      'api-key',
      'access_key',
      'accesskey',
      'private_key',
      'privatekey',
      'credential',
      'auth_key',
      'authkey',
      'encryption_key',
      'encryptionkey',
      'master_key',
      'masterkey',
      'signing_key',
      'app_key',
      'appkey',
      'pwd',
    ],
    scan: genericAssignment,
    isReportOnly: true,
    confidence: 0.3,
    source: 'heuristic',
    seen: '2026-08',
    hits: [
      'const dbPassword = "«q7#Lw9!zR2pX»"',
      'API_TOKEN: «x8Kq2Lw9zR7pXa4»,',
      'api_token=«x8Kq2Lw9zR7pXa4»',
      'DB_HOST=db.acme.dev\nDB_PASSWORD=«Zk8#qLw9!zR2pXv7Yt»\nDB_USER=app\n',
    ],
    misses: [
      'password = os.getenv("PASSWORD")',
      'token: string',
      'const tokenizer = "cl100k_base2"',
      'password: "changeme123"',
      'secretName: my-secret-v2',
      'api_key = config.get("key1")',
    ],
  },
]

function isWif(value: string): boolean {
  const bytes = decodeBase58Check(value)
  return (
    bytes !== undefined &&
    (bytes.length === 33 || bytes.length === 34) &&
    (bytes[0] === 0x80 || bytes[0] === 0xef)
  )
}

/** The first keys of the development chains of Anvil and Hardhat: every tutorial has them. */
function anvilKeys(): readonly string[] {
  const first = ['ac0974bec39a17e36ba4a6b4d238ff94', '4bacb478cbed5efcae784d7bf4f2ff80'].join('')
  const second = ['59c6995e998f97a5a0044966f0945389', 'dc9e86dae88c7a8412f4603b6b78690d'].join('')
  return [first, second].flatMap((key) => [key, `0x${key}`])
}
