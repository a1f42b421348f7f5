export * from '@channelling/schema/testing'
