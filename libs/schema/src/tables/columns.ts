import { integer } from 'drizzle-orm/sqlite-core'

/** A moment, in UTC milliseconds. */
export const instant = (name: string) => integer(name)

/** An amount in cents. */
export const cents = (name: string) => integer(name)

/** 0 or 1; each table that has one CHECKs it. */
export const flag = (name: string) => integer(name, { mode: 'boolean' })
