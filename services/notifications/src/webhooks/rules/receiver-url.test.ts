import { expect, test } from 'bun:test'
import { Refusal } from '@channelling/contract'
import { receiverUrl } from './receiver-url'

const read = (url: string, own: 'allow' | 'refuse') => {
  try {
    return receiverUrl(url, own, 'body.url').href
  } catch (error) {
    if (error instanceof Refusal) return error.details.fields?.[0]?.path
    throw error
  }
}

test.each([
  ['https://app.example.org/hooks?of=us', 'https://app.example.org/hooks?of=us'],
  ['https://app.example.org:8443', 'https://app.example.org:8443/'],
  ['https://93.184.216.34/', 'https://93.184.216.34/'],
])('%s is let be', (url, href) => {
  expect(read(url, 'refuse')).toBe(href)
})

test.each([
  'http://app.example.org/',
  'https://',
  'https://localhost/',
  'https://localhost./',
  'https://hooks.localhost/',
  'https://127.1/',
  'https://0x7f000001/',
  'https://017700000001/',
  'https://[::ffff:127.0.0.1]/',
  'https://169.254.169.254/',
  'https://u@app.example.org/',
  'https://u:p@app.example.org/',
  'https://app.example.org/#a',
  'https://app.example.org:0/',
  'javascript:alert(1)',
  'file:///etc/passwd',
  '/hooks',
])('%s is refused', (url) => {
  expect(read(url, 'refuse')).toBe('body.url')
})

test('the setting lets in plain HTTP and addresses of one’s own, and no others', () => {
  expect(read('http://192.168.1.5:8080/', 'allow')).toBe('http://192.168.1.5:8080/')
  expect(read('http://localhost/', 'allow')).toBe('http://localhost/')
  for (const url of ['https://169.254.169.254/', 'http://[fe80::1]/', 'http://0.0.0.0/', 'http://u:p@10.0.0.1/']) {
    expect(read(url, 'allow')).toBe('body.url')
  }
})
