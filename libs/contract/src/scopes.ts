/** What a key may do. A key carries any number of these. */
export const scopes = [
  'catalogue:read',
  'catalogue:write',
  'bookings:read',
  'bookings:write',
  'patients:read',
  'patients:write',
  'queue:write',
  'notifications:read',
  'notifications:write',
  'admin',
] as const

export type Scope = (typeof scopes)[number]

/** `own`: sees and changes only the bookings it made. `all`: hospital-wide. */
export const accesses = ['own', 'all'] as const
export type Access = (typeof accesses)[number]

/** Who is calling, as the gateway established it from the key. */
export interface Caller {
  clientId: number
  keyId: number
  access: Access
  scopes: readonly Scope[]
}
