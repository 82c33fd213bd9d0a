/**
 * Depths at which ids of upstream state stand in a request (1 = member of the root). Elsewhere, for instance in a
 * tool's arguments, a member of the same name is the client's own.
 */

/** `messages[].content[].file.file_id`, and the flat form of some backends, `messages[].content[].file_id`. */
export const isFileMember = (depth: number): boolean => depth === 5 || depth === 6
