/** Where a photo is read from; records name it with or without the folder it is served under. */
export function photoURL(path: string): string {
  if (/^https?:\/\//.test(path) || path.startsWith('/')) return path
  return path.startsWith('uploads/') ? `/${path}` : `/uploads/${path}`
}
