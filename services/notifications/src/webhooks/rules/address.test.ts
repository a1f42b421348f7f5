import { expect, test } from 'bun:test'
import { addressKind, mayReach } from './address'

test.each([
  ['93.184.216.34', 'public'],
  ['9.255.255.255', 'public'],
  ['10.0.0.0', 'private'],
  ['10.255.255.255', 'private'],
  ['11.0.0.0', 'public'],
  ['100.63.255.255', 'public'],
  ['100.64.0.0', 'private'],
  ['100.100.100.200', 'forbidden'],
  ['100.127.255.255', 'private'],
  ['100.128.0.0', 'public'],
  ['127.0.0.1', 'private'],
  ['127.255.255.255', 'private'],
  ['0.0.0.0', 'forbidden'],
  ['168.63.129.16', 'forbidden'],
  ['169.254.169.254', 'forbidden'],
  ['172.15.255.255', 'public'],
  ['172.16.0.0', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.0', 'public'],
  ['192.0.0.192', 'forbidden'],
  ['192.168.255.255', 'private'],
  ['192.169.0.0', 'public'],
  ['198.19.255.255', 'private'],
  ['223.255.255.255', 'public'],
  ['224.0.0.1', 'forbidden'],
  ['255.255.255.255', 'forbidden'],
  ['::', 'forbidden'],
  ['::1', 'private'],
  ['::2', 'forbidden'],
  ['2606:2800:220:1:248:1893:25c8:1946', 'public'],
  ['2001::1', 'forbidden'],
  ['2001:db8::1', 'forbidden'],
  ['2001:4860:4860::8888', 'public'],
  ['fc00::1', 'private'],
  ['fd12:3456::1', 'private'],
  ['fd00:ec2::254', 'forbidden'],
  ['fe80::1', 'forbidden'],
  ['fe80::1%eth0', 'forbidden'],
  ['fec0::1', 'forbidden'],
  ['ff02::1', 'forbidden'],
  ['4000::1', 'forbidden'],
  // addresses that hold one of IPv4
  ['::ffff:10.0.0.1', 'private'],
  ['::ffff:a00:1', 'private'],
  ['::ffff:169.254.169.254', 'forbidden'],
  ['::ffff:93.184.216.34', 'public'],
  ['64:ff9b::7f00:1', 'private'],
  ['2002:a9fe:a9fe::1', 'forbidden'],
  ['2002:7f00:1::', 'private'],
  // the old form without ffff belongs to nobody
  ['::7f00:1', 'forbidden'],
  // what is no address
  ['', 'forbidden'],
  ['256.1.1.1', 'forbidden'],
  ['1.2.3', 'forbidden'],
  ['1::2::3', 'forbidden'],
  ['1:2:3:4:5:6:7:8:9', 'forbidden'],
  ['1:2:3:4:5:6:7', 'forbidden'],
  ['g::1', 'forbidden'],
  ['localhost', 'forbidden'],
] as const)('%s is %s', (address, kind) => {
  expect(addressKind(address)).toBe(kind)
})

test('the setting lets in what is one’s own, and never what is forbidden', () => {
  expect([mayReach('public', 'refuse'), mayReach('private', 'refuse'), mayReach('forbidden', 'refuse')]).toEqual([
    true,
    false,
    false,
  ])
  expect([mayReach('public', 'allow'), mayReach('private', 'allow'), mayReach('forbidden', 'allow')]).toEqual([
    true,
    true,
    false,
  ])
})
