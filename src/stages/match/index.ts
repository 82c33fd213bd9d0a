export { type Matched, type MatchParts, match } from './match.ts'
export { type RoutePolicy, type ShadowPolicy, type Strategy, strategies } from './route-policy.ts'
export {
  createRouteTable,
  type Match,
  type RouteRule,
  type RouteTable,
  type RouteTableSettings,
  type Target,
} from './route-table.ts'
