/** What comes within so many milliseconds, else undefined. A rejection in time is thrown. */
export const within = async <T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> => {
  const enough = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => enough.resolve(undefined), milliseconds)
  try {
    return await Promise.race([promise, enough.promise])
  } finally {
    clearTimeout(timer)
  }
}
