import type { Config } from 'drizzle-kit'

export default {
  dialect: 'sqlite',
  schema: [
    './src/access.ts',
    './src/catalogue.ts',
    './src/patients.ts',
    './src/bookings.ts',
    './src/outbox.ts',
    './src/notifications.ts',
    './src/lease.ts',
  ],
  out: './migrations',
} satisfies Config
