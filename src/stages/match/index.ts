export { type Matched, type MatchParts, match } from './match.ts'
export {
  createRouteTable,
  type Match,
  type RouteRule,
  type RouteTable,
  type RouteTableSettings,
  type Target,
} from './route-table.ts'
