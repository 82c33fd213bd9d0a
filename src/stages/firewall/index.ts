export { type AnswerScreen, type FirewallStageParts, firewall, type Screened } from './firewall.ts'
