// The views in two themes and two widths: screenshots, axe-core, and that they fit.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { browserTests, everyLook, settled } from './support.mjs'

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

// The README shows it: copy build/screenshots/page.png to doc/page.png when the page has changed.
test('the picture of the README is small enough to be kept', async () => {
	const { url } = await server('sample')
	const page = await open(url, '#/device/17?by=week&from=2025-01-01&to=2025-12-31&with=44')
	await settled(page)
	const picture = await page.screenshot({
		path: path.join(process.env.SCREENSHOTS, 'page.png'),
		animations: 'disabled',
	})
	assert.ok(picture.length <= 100 << 10, `${picture.length} bytes`)
})

test('the whole page, with what it plots by, is at most 300 KB', () => {
	const { WEB, LIBRARY } = process.env
	const files = readdirSync(WEB, { recursive: true }).map((name) => path.join(WEB, name))
	const size = [...files, LIBRARY]
		.map((file) => statSync(file))
		.filter((file) => file.isFile())
		.reduce((sum, file) => sum + file.size, 0)
	assert.ok(size <= 300e3, `${size} bytes`)
})

test('index.html has the modules loaded at once that every view needs', async () => {
	const { WEB } = process.env
	const apart = ['early.js', 'main.js', 'csv.js', 'importer.js'] // the last two for one view
	const modules = readdirSync(path.join(WEB, 'js')).filter(
		(name) => name.endsWith('.js') && !apart.includes(name),
	)
	const html = readFileSync(path.join(WEB, 'index.html'), 'utf8')
	const preloaded = [...html.matchAll(/<link rel="modulepreload" href="js\/([^"]+)">/g)]
	assert.deepEqual(
		preloaded.map(([, name]) => name),
		modules.sort(),
	)
})
