import type { Config } from 'drizzle-kit'

export default {
  dialect: 'sqlite',
  schema: [
    './src/tables/access.ts',
    './src/tables/catalogue.ts',
    './src/tables/patients.ts',
    './src/tables/bookings.ts',
    './src/tables/outbox.ts',
    './src/tables/notifications.ts',
    './src/tables/lease.ts',
  ],
  out: './migrations',
} satisfies Config
