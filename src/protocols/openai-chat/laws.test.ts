import { protocolLaws } from '../../../test/support/protocol-laws.ts'
import { openaiChat } from './index.ts'

protocolLaws({
  protocol: openaiChat,
  corpus: 'chat',
  recordings: ({ method, path }) => method === 'POST' && path.endsWith('/chat/completions'),
  pathOf: () => '/v1/chat/completions',
  differences: {},
  isCompleteStream: (record) =>
    !record.anomalies.includes('ends-with-error') && !record.anomalies.includes('no finish_reason'),
  mustConform: (record) =>
    record.anomalies.length === 0 && (record.dialect === 'openai' || record.dialect === 'authored'),
  isNotText: (_path, key) => ['url', 'id', 'tool_call_id', 'file_data', 'data'].includes(key),
})
