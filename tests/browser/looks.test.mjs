// The views in two themes and two widths: screenshots, axe-core, and that they fit.
import { test } from 'node:test'
import { browserTests, everyLook } from './support.mjs'

const { open, server } = browserTests()

const views = {
	devices: '#/devices',
	device: '#/device/15',
	'device-compared': '#/device/15?by=week&with=49,16&from=2025-01-01&to=2025-12-31',
	fleet: '#/fleet',
}
for (const [name, route] of Object.entries(views))
	test(`${name} in every look`, async () =>
		everyLook(open, (await server('sample')).url, name, route))
