export { createPatients } from './app'
export type { PatientsOptions } from './dependencies'
export type { Region } from './rules/phone'
