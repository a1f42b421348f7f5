const NOT_AT_ALL = /^q\s*=\s*0(\.0*)?$/

/** Whether an Accept header names a media type, in whatever letters; with `q=0` it says that it does not take it (RFC 9110, 12.4.2). */
export const accepts = (accept: string | null | undefined, type: string): boolean =>
  (accept ?? '')
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
    .some(([named, ...parameters]) => named === type && !parameters.some((one) => NOT_AT_ALL.test(one)))
