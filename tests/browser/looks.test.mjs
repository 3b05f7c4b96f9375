// The views in two themes and two widths: screenshots, axe-core, and that they fit.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { browserTests, everyLook, fits, screenshot, settled } from './support.mjs'

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

// A window of 1280 pixels in which everything is four times as large has 320 left (WCAG 2.2, 1.4.10).
test('no view needs a window of more than 320 pixels', async () => {
	const { url } = await server('sample')
	const others = {
		tables: '#/explore',
		rows: '#/explore/consumption',
		'sign-in': '#/sign-in',
	}
	for (const [name, route] of Object.entries({ ...views, ...others })) {
		const page = await open(url, route)
		await page.setViewportSize({ width: 320, height: 640 })
		await settled(page)
		await fits(page, `${name} in 320 pixels`)
	}
})

test('with the colours of the system, what is chosen can be told from what is not', async () => {
	const page = await open((await server('sample')).url, '#/fleet')
	await page.emulateMedia({ forcedColors: 'active' })
	await settled(page)
	const borders = (selector) =>
		page
			.locator(selector)
			.evaluateAll((all) =>
				all.map((one) => getComputedStyle(one).borderTopWidth),
			)
	assert.deepEqual(new Set(await borders('.segments input:checked + span')), new Set(['3px']))
	assert.deepEqual(
		new Set(await borders('.segments input:not(:checked) + span')),
		new Set(['1px']),
	)
	await screenshot(page, 'fleet-forced-colors')
})

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
