/** The example of the documentation; a test loads it. */
export const exampleConfig = `listen: { host: 127.0.0.1, port: 8081 }
data_dir: ~/.tollgate
providers:
  openai:    { api_key: \${OPENAI_API_KEY}, organization: org-x }
  anthropic: { api_keys: [\${ANTHROPIC_KEY_1}, \${ANTHROPIC_KEY_2}] }
  my-vllm:   { kind: openai-compatible, protocols: [openai-chat], base_url: http://127.0.0.1:8000/v1, api_key: none }
routes:
  - { match: "claude-*", targets: [anthropic, { provider: openai, model: gpt-5.1 }] }
  - { match: "gpt-*",    targets: [openai] }
aliases: { sonnet: claude-sonnet-4-5 }
work_mode: auto          # auto | passthrough | translation
timeouts: { first_byte: 10m, idle: 5m }
prices:
  - { match: "my-model", input_per_mtok: "0.075", output_per_mtok: "0.30" }   # US dollars
`
