/** What `tgw init` writes: valid as it is, every section explained, nothing switched on. */
export const firstConfig = `# Settings of Tollgate. All of them: docs/configuration.md. Check this file with \`tgw config check\`.
# \${NAME} is the environment variable NAME. Durations: 30s, 10m; sizes: 64KB, 32MB.

listen:
  host: 127.0.0.1         # 0.0.0.0 lets other machines in
  port: 8081

# Folder of database, keys and logs.
# data_dir: ~/.tollgate

# Who answers. A provider whose usual variable is set (OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, ...) is on
# without a line here. \`tgw config set providers.openai.api_key -\` reads a key, seals it in the vault, and writes only
# its name into this file.
providers:
  # openai:    { api_key: \${OPENAI_API_KEY} }
  # anthropic: { api_keys: [\${ANTHROPIC_KEY_1}, \${ANTHROPIC_KEY_2}] }
  # my-vllm:   { kind: openai-compatible, protocols: [openai-chat], base_url: http://127.0.0.1:8000/v1, api_key: none }

# Which models go where; the first match counts. Without a match a model goes to the provider that is known for it.
routes:
  # - { match: "claude-*", targets: [anthropic, { provider: openai, model: gpt-5.1 }] }
  # - { match: "gpt-*",    targets: [openai] }

# Other names of models.
aliases:
  # sonnet: claude-sonnet-4-5

# auto | passthrough | translation
# work_mode: auto

# timeouts: { connect: 10s, first_byte: 10m, idle: 5m }

# Own prices, in US dollars per million tokens.
# prices:
#   - { match: "my-model", input_per_mtok: "0.075", output_per_mtok: "0.30" }
`
