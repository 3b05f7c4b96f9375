// What the tests of the page share. A file of tests begins with
//
//	import { browserTests } from './support.mjs'
//	const { open, server } = browserTests()
//
// and opens pages that are closed, and found to be without errors, at the end of each test.
import assert from 'node:assert/strict'
import { after, afterEach, before } from 'node:test'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chromium } from 'playwright-core'

const { CONTROL_URL, SCREENSHOTS, CHROMIUM } = process.env
const axeSource = readFileSync(
	createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
	'utf8',
)

export const WIDTHS = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 860 } }
export const THEMES = ['light', 'dark']
const PATIENCE = 10000

// A command to servers.py.
export async function control(command, fields = {}) {
	const answer = await fetch(new URL(command, CONTROL_URL), {
		method: 'POST',
		body: JSON.stringify(fields),
	})
	const body = await answer.json()
	if (!answer.ok) throw new Error(body.error)
	return body
}

// A server by its name, started at its first use: server('sample'), server('x', { database: 'empty' }).
export const server = (name, fields = {}) => control('start', { name, ...fields })
export const sql = async (name, text) => (await control('sql', { name, sql: text })).output
export const token = async (claims) => (await control('token', { claims })).token

// What the browser says of a page that it should not say. Answers that a test provokes are logged
// by chromium as "Failed to load resource": the test names their status.
function watch(page, complaints, allowed) {
	page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack}`))
	page.on('console', (message) => {
		const text = message.text()
		const expected =
			/^Failed to load resource/.test(text) &&
			allowed.some((word) => text.includes(word))
		if (['error', 'warning'].includes(message.type()) && !expected)
			complaints.push(`console: ${text}`)
	})
}

export function browserTests() {
	let browser
	let opened = []

	before(async () => {
		browser = await chromium.launch({
			executablePath: CHROMIUM,
			args: ['--disable-gpu', '--disable-dev-shm-usage'],
		})
	})
	after(() => browser?.close())
	afterEach(async () => {
		const done = opened
		opened = []
		for (const { context } of done) await context.close()
		assert.deepEqual(
			done.flatMap(({ complaints }) => complaints),
			[],
		)
	})

	// Opens a route ("#/fleet") of a server. width, theme: of WIDTHS and THEMES; locale; motion;
	// token: who is signed in; allow: statuses or net errors that the test provokes.
	async function open(
		url,
		route = '',
		{
			width = 'desktop',
			theme = 'light',
			locale = 'en-GB',
			motion = 'reduce',
			token: value,
			allow = [],
		} = {},
	) {
		const context = await browser.newContext({
			viewport: WIDTHS[width],
			colorScheme: theme,
			locale,
			reducedMotion: motion,
			timezoneId: 'America/New_York',
			acceptDownloads: true,
		})
		context.setDefaultTimeout(PATIENCE)
		const complaints = []
		opened.push({ context, complaints })
		if (value)
			await context.addInitScript(
				(it) => sessionStorage.setItem('swm.token', it),
				value,
			)
		const page = await context.newPage()
		watch(page, complaints, allow)
		await page.goto(new URL(`ui/${route}`, url).href)
		return page
	}
	return { open, server, sql, token, control }
}

// The texts of a table's rows, cell by cell.
export const cellsOf = (table) =>
	table
		.locator('tbody')
		.evaluate((body) =>
			[...body.rows].map((row) => [...row.cells].map((cell) => cell.textContent)),
		)

// The number that a text of an English page begins with.
export const numberIn = (text) => Number(/^-?[\d,.]*\d/.exec(text)?.[0].replaceAll(',', ''))

// A number is shown with the digits that matter: off by half of the last one at most.
export function isShown(text, value) {
	const [digits] = /^-?[\d,.]*\d/.exec(text) ?? ['none']
	const places = digits.split('.')[1]?.length ?? 0
	assert.ok(
		Math.abs(numberIn(text) - value) <= 0.5 * 10 ** -places + 1e-9,
		`${text} is not ${value}`,
	)
	assert.ok(value === 0 || /[1-9]/.test(digits), `${text} is to be ${value}`)
}

// Until nothing loads any more and the plots are painted.
export async function settled(page) {
	await page.waitForFunction(
		() =>
			document.querySelector('h1') !== null &&
			document.querySelector('[aria-busy="true"]') === null &&
			[...document.querySelectorAll('.plot-canvas')].every(
				(box) => box.querySelector('canvas') !== null || !box.isConnected,
			),
	)
}

export async function screenshot(page, name) {
	await page.screenshot({
		path: path.join(SCREENSHOTS, `${name}.png`),
		fullPage: true,
		animations: 'disabled',
	})
}

// No violation of axe-core's rules for WCAG 2.2 AA and its best practices.
export async function accessible(page, what) {
	// by the debugger: the page's Content-Security-Policy would refuse a script of ours
	await page.evaluate(axeSource)
	const violations = await page.evaluate(async () =>
		(
			await globalThis.axe.run(document, { resultTypes: ['violations'] })
		).violations.map(
			({ id, help, nodes }) =>
				`${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
		),
	)
	assert.deepEqual(violations, [], what)
}

// Nothing is wider than the window, but for what scrolls by itself.
export async function fits(page, what) {
	const [wide, window] = await page.evaluate(() => [
		document.documentElement.scrollWidth,
		document.documentElement.clientWidth,
	])
	assert.ok(wide <= window, `${what}: ${wide} pixels in ${window}`)
}

// A view in every theme and width: it fits, axe finds nothing, and its picture is kept.
export async function everyLook(open, url, name, route, prepare = settled, options = {}) {
	for (const theme of THEMES) {
		for (const width of Object.keys(WIDTHS)) {
			const page = await open(url, route, { ...options, theme, width })
			await prepare(page)
			const what = `${name}-${theme}-${width}`
			await screenshot(page, what)
			await fits(page, what)
			await accessible(page, what)
			await page.context().close()
		}
	}
}
