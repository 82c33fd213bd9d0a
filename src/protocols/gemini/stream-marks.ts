/** Members of extension events by which the encoder of the same protocol puts the chunks together again. */
export const chunkOpens = '$chunkOpens'
export const chunkCloses = '$chunk'
export const verbatimPart = '$part'
/** Note on a call that was put together from pieces: its pieces stand in the chunks verbatim. */
export const assembledNote = '$assembled'
