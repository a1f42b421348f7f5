export { type Given, type Running, runService } from './run-service'
