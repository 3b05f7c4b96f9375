// The page without a mouse, and what a screen reader is given: every control is reached by Tab and
// seen to have the focus, everything can be done by keys, and the focus is never lost.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { WIDTHS, accessible, browserTests, settled } from './support.mjs'

const { open, server, sql, token } = browserTests()
const NAME = 'keyboard'
const writer = () => token({ role: 'swm_writer', exp: Math.floor(Date.now() / 1000) + 3600 })

async function openView(route, options = {}) {
	const page = await open((await server(NAME)).url, route, options)
	await settled(page)
	return page
}
const focused = (page, text) =>
	page.waitForFunction((wanted) => {
		const element = document.activeElement
		const name =
			element.getAttribute('aria-label') ??
			element.labels?.[0]?.textContent ??
			element.textContent
		return name.trim() === wanted
	}, text)

// Presses Tab until what is called so has the focus.
async function tabTo(page, role, name, key = 'Tab') {
	const target = page.getByRole(role, { name, exact: true })
	for (let i = 0; i < 100; i++) {
		if (
			await target.evaluateAll((all) =>
				all.some((one) => one === document.activeElement),
			)
		)
			return
		await page.keyboard.press(key)
	}
	assert.fail(`Tab does not lead to ${role} ${name}`)
}
const isTitle = (page) => page.evaluate(() => document.activeElement.tagName === 'H1')

// All that Tab should reach, numbered in the order of the document: of radio buttons, one a group.
const numberControls = (page) =>
	page.evaluate(() => {
		const groups = new Set()
		const isOne = (element) => {
			if (element.type !== 'radio') return true
			const group = document.getElementsByName(element.name)
			const stands = [...group].find(({ checked }) => checked) ?? group[0]
			return (
				element === stands &&
				!groups.has(element.name) &&
				groups.add(element.name)
			)
		}
		const all = [
			...document.querySelectorAll(
				'a[href], button, input, select, textarea, summary, [tabindex="0"]',
			),
		].filter((one) => !one.disabled && one.checkVisibility() && isOne(one))
		all.forEach((one, i) => (one.dataset.number = i))
		return all.map((one) => one.outerHTML.slice(0, 90))
	})

// What has the focus: its number, and whether that can be seen.
const lookAtFocus = (page) =>
	page.evaluate(() => {
		const element = document.activeElement
		if (element === document.body) return null
		// of a field that is not painted itself, what stands beside it is
		const isUnpainted = element.type === 'radio' || element.type === 'file'
		const painted = isUnpainted ? (element.nextElementSibling ?? element) : element
		const look = (one) => getComputedStyle(one).outlineStyle !== 'none'
		const { left, top, right, bottom } = painted.getBoundingClientRect()
		const isSeenAt = (y) => {
			const there = document.elementFromPoint((left + right) / 2, y)
			const own = [painted, element, ...(element.labels ?? [])]
			return own.some((one) => one.contains(there)) || there?.contains(painted)
		}
		const [first, last] = [Math.max(top, 0), Math.min(bottom, innerHeight)]
		const isCovered = ![0.1, 0.5, 0.9].some((part) =>
			isSeenAt(first + part * (last - first)),
		)
		return {
			number: Number(element.dataset.number),
			outlined: look(painted) || look(element),
			inside: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
			isCovered,
			html: element.outerHTML.slice(0, 90),
		}
	})

const WALKED = {
	devices: '#/devices',
	device: '#/device/17?with=44',
	fleet: '#/fleet',
	rows: '#/explore/devices',
	tables: '#/explore',
	import: '#/import',
	'sign-in': '#/sign-in',
}
for (const [view, route] of Object.entries(WALKED))
	for (const width of Object.keys(WIDTHS))
		test(`${view}, ${width}: Tab reaches every control in order, each seen, and leaves again`, async () => {
			const page = await openView(route, { width, token: await writer() })
			const controls = await numberControls(page)
			const seen = []
			for (let i = 0; i <= controls.length + 10; i++) {
				await page.keyboard.press('Tab')
				const it = await lookAtFocus(page)
				if (it === null || it.number === 0) {
					if (i > 0) break
				}
				// the parts of a date within one field, and of a scrolling table, are not ours
				if (it.number === seen.at(-1)) continue
				seen.push(it.number)
				assert.ok(it.outlined, `no outline: ${it.html}`)
				assert.ok(it.inside, `out of sight: ${it.html}`)
				assert.ok(!it.isCovered, `covered: ${it.html}`)
			}
			assert.deepEqual(
				seen.map((number) => controls[number]),
				controls,
			)
		})

test('the first Tab offers to skip to the content, which then has the focus', async () => {
	const page = await openView('#/devices')
	await page.keyboard.press('Tab')
	const skip = page.getByRole('link', { name: 'Skip to the content' })
	const box = await skip.boundingBox()
	assert.ok(box.y >= 0, 'the link is seen')
	await page.keyboard.press('Enter')
	assert.ok(await page.evaluate(() => document.activeElement.id === 'main'))
	await page.keyboard.press('Tab')
	await focused(page, 'Search the devices')
})

test('from the list to a device, through its controls, and back, by keys alone', async () => {
	const page = await openView('#/devices')
	await tabTo(page, 'searchbox', 'Search the devices')
	await page.keyboard.type('heat-p')
	await page.keyboard.press('Enter')
	await page.getByText('1 device', { exact: true }).first().waitFor()
	await tabTo(page, 'link', 'heat-pump')
	await page.keyboard.press('Enter')
	await page.getByRole('heading', { name: 'heat-pump' }).waitFor()
	await settled(page)
	assert.ok(await isTitle(page), 'the title of the new view has the focus')
	await tabTo(page, 'button', '1 year')
	await page.keyboard.press('Space')
	await settled(page)
	await focused(page, '1 year')
	await tabTo(page, 'radio', 'day')
	await page.keyboard.press('ArrowRight')
	await page.getByText('Mean of a week').waitFor()
	await page.keyboard.press('ArrowRight')
	await page.getByText('Mean of a month').waitFor()
	await focused(page, 'month')
	await tabTo(page, 'combobox', 'Compare with')
	await page.keyboard.type('kettle')
	await page.keyboard.press('Enter')
	await page.getByRole('button', { name: 'Remove kettle from the plot' }).waitFor()
	await settled(page)
	await focused(page, 'Compare with')
	await tabTo(page, 'slider', 'Plot of heat-pump, kettle in kWh')
	await page.keyboard.press('Home')
	await page.locator('.plot-readout').getByText('January 2025: heat-pump').waitFor()
	const numbers = page.getByRole('table', { name: 'Consumption in kWh by month' })
	await tabTo(page, 'region', 'Totals in kWh')
	await page.keyboard.press('Tab')
	await page.keyboard.press('Enter')
	await numbers.waitFor()
	await tabTo(page, 'button', 'Remove kettle from the plot', 'Shift+Tab')
	await page.keyboard.press('Enter')
	await numbers.waitFor({ state: 'detached' })
	await focused(page, 'Compare with')
	await page.goBack()
	await page.goBack()
	await settled(page)
	assert.ok(!(await page.evaluate(() => document.activeElement === document.body)))
})

test('a day is typed into the range: it counts when it is complete, as one step back', async () => {
	const page = await openView('#/device/17?from=2025-01-01&to=2025-12-31&by=month')
	const length = () => page.evaluate(() => history.length)
	const before = await length()
	await page.getByLabel('From').focus()
	await page.keyboard.type('06152025')
	await page.keyboard.press('Tab')
	await page.waitForFunction(() => location.hash.includes('from=2025-06-15'))
	await settled(page)
	assert.equal(await length(), before + 1)
	assert.equal(await page.locator('.field-error').first().textContent(), '')
	await page.getByLabel('From').focus()
	await page.keyboard.type('0701')
	await page.keyboard.press('Enter')
	await page.waitForFunction(() => location.hash.includes('from=2025-07-01'))
	assert.equal(await length(), before + 2)
})

test('readings are entered and corrected by keys; Escape leaves a correction', async () => {
	await server(NAME)
	await sql(
		NAME,
		`INSERT INTO swm.devices VALUES (800, 'typed') ON CONFLICT DO NOTHING;
		 DELETE FROM swm.consumption WHERE device_id = 800;
		 INSERT INTO swm.consumption (date, device_id, amount, unit)
		 SELECT date '2025-12-31' - i, 800, 1, 'kWh' FROM generate_series(0, 29) AS i`,
	)
	const page = await openView('#/device/800', { token: await writer() })
	await page.getByText('Single readings').waitFor()
	await page.locator('summary', { hasText: 'Single readings' }).focus()
	await page.keyboard.press('Enter')
	const table = page.getByRole('table', { name: 'Readings, newest first' })
	await table.waitFor()
	await settled(page)
	await tabTo(page, 'button', 'Correct the reading of 30 Dec 2025')
	await page.keyboard.press('Enter')
	const form = page.getByRole('form', { name: /^Correct the reading/ })
	await focused(page, 'Amount')
	await page.keyboard.press('Escape')
	await form.waitFor({ state: 'detached' })
	await focused(page, 'Correct the reading of 30 Dec 2025')
	await page.keyboard.press('Enter')
	await focused(page, 'Amount')
	await page.keyboard.press('Control+A')
	await page.keyboard.type('x')
	await tabTo(page, 'button', 'Correct')
	await page.keyboard.press('Space')
	await form.getByText('“x” is not an amount').waitFor()
	await focused(page, 'Correct') // it keeps the focus though it failed
	await tabTo(page, 'textbox', 'Amount', 'Shift+Tab')
	await page.keyboard.type('4.5')
	await page.keyboard.press('Enter')
	await form.waitFor({ state: 'detached' })
	await settled(page)
	await page.getByRole('cell', { name: '4.5 kWh', exact: true }).waitFor()
	assert.ok(await page.evaluate(() => document.activeElement.closest('.readings') !== null))
	await tabTo(page, 'button', 'Show older')
	await page.keyboard.press('Enter')
	await focused(page, '11 Dec 2025') // where it goes on
	await accessible(page, 'older readings')
})

test('a file is chosen and imported by keys, and the button keeps the focus', async () => {
	const page = await openView('#/import', { token: await writer() })
	const opened = page.waitForEvent('filechooser') // before, since chromium is told to report it
	await tabTo(page, 'button', 'Choose a CSV file or drop one here')
	await page.keyboard.press('Enter')
	await (
		await opened
	).setFiles({
		name: 'a.csv',
		mimeType: 'text/csv',
		buffer: Buffer.from(
			'date,device_id,amount,unit\n1999-01-01,1,1,kWh\n1999-01-02,1,x,kWh\n',
		),
	})
	await page.getByRole('table', { name: 'The first rows of a.csv' }).waitFor()
	await tabTo(page, 'button', 'Import')
	await page.keyboard.press('Enter')
	await page.locator('main').getByText('1 row written, 1 rejected').waitFor()
	await focused(page, 'Import')
	await sql(NAME, "DELETE FROM swm.consumption WHERE date = '1999-01-01'")
})

test('signing in and out by keys: the focus goes where the reader is', async () => {
	const page = await openView('#/fleet')
	await tabTo(page, 'link', 'Sign in')
	await page.keyboard.press('Enter')
	await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
	await settled(page)
	assert.ok(await isTitle(page))
	await tabTo(page, 'textbox', 'Token')
	await page.keyboard.insertText(await writer())
	await tabTo(page, 'button', 'Use this token')
	await page.keyboard.press('Enter')
	await page.getByRole('heading', { name: 'Fleet' }).waitFor()
	await settled(page)
	assert.ok(await isTitle(page))
	await tabTo(page, 'button', 'Sign out', 'Shift+Tab')
	await page.keyboard.press('Enter')
	await focused(page, 'Sign in')
})

test('a screen reader hears what changed, and finds landmarks, names and states', async () => {
	const page = await openView('#/devices')
	const heard = []
	await page.exposeFunction('hear', (text) => heard.push(text))
	await page.evaluate(() => {
		const place = document.querySelector('[role=status][aria-live=polite]')
		new MutationObserver(
			() => place.textContent && globalThis.hear(place.textContent),
		).observe(place, { childList: true })
	})
	const hears = async (text, act) => {
		await act()
		for (let i = 0; i < 100 && !heard.includes(text); i++)
			await page.evaluate(() => new Promise(requestAnimationFrame))
		assert.ok(heard.includes(text), `${text}: heard ${heard.join(' | ')}`)
		heard.length = 0
	}
	await hears('3 devices', () =>
		page
			.getByLabel('Search the devices')
			.fill('lights')
			.then(() => page.getByText('3 devices').first().waitFor()),
	)
	await hears('Fleet · swm', () => page.getByRole('link', { name: 'Fleet' }).click())
	await settled(page)
	await hears('The fleet loaded', () =>
		page
			.getByRole('radio', { name: 'month' })
			.check()
			.then(() => settled(page)),
	)
	const tree = await page.locator('body').ariaSnapshot()
	for (const part of [
		'- banner:',
		'- navigation "Views":',
		'- main:',
		'- heading "Fleet" [level=1]',
		'- group "Ranges up to the last reading":',
		'- button "1 year" [pressed]',
		'- radio "month" [checked]',
		'- region "The fleet in kWh":',
		'- slider "Plot of the fleet in kWh"',
		'- table "Largest consumers in kWh":',
		'- columnheader "Share"',
	])
		assert.ok(tree.includes(part), `${part} is not in\n${tree}`)
	assert.deepEqual(await page.locator('nav a[aria-current=page]').allTextContents(), [
		'Fleet',
	])
})
