// The list of devices: search, sorting, pages, what each consumed lately.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { accessible, browserTests, cellsOf, isShown, numberIn, settled } from './support.mjs'

const { open, server, sql } = browserTests()
const NAME = 'still' // nobody writes into it
const PAGE = 25

async function openDevices(route = '#/devices', options = {}) {
	const page = await open((await server(NAME)).url, route, options)
	await settled(page)
	return page
}
const lines = (text) => text.split('\n').filter(Boolean)
const namesInOrder = async (order) =>
	lines(await sql(NAME, `SELECT device_name FROM swm.devices ORDER BY ${order}`))
const namesOf = (page) => page.locator('tbody th').allTextContents()
const press = async (page, name) => {
	await page.getByRole('button', { name, exact: true }).click()
	await settled(page)
}
const queryOf = (page) =>
	Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? ''))
const caption = (page) => page.locator('caption').textContent()

test('pages follow each other by key, forwards and backwards, and nobody is left out', async () => {
	const page = await openDevices()
	const all = await namesInOrder('device_name COLLATE "C"')
	assert.equal(await caption(page), `${all.length} devices`)
	const parts = [await namesOf(page)]
	for (const name of ['Previous', 'First'])
		assert.ok(await page.getByRole('button', { name }).isDisabled())
	while (await page.getByRole('button', { name: 'Next' }).isEnabled()) {
		await press(page, 'Next')
		parts.push(await namesOf(page))
	}
	assert.deepEqual(parts.flat(), all)
	assert.ok(parts.slice(0, -1).every((part) => part.length === PAGE))
	assert.ok('after' in queryOf(page))
	for (const part of parts.slice(0, -1).reverse()) {
		await press(page, 'Previous')
		assert.deepEqual(await namesOf(page), part)
	}
	assert.deepEqual(queryOf(page), {}) // the first page is the first page, however it was reached
	await press(page, 'Next')
	await press(page, 'First')
	assert.deepEqual(await namesOf(page), parts[0])
})

test('a link to a page in the middle shows that page, and "back" goes through the pages', async () => {
	const page = await openDevices()
	const first = await namesOf(page)
	await press(page, 'Next')
	const second = await namesOf(page)
	const again = await openDevices(new URL(page.url()).hash)
	assert.deepEqual(await namesOf(again), second)
	await page.goBack()
	await page.getByRole('link', { name: first[0], exact: true }).waitFor()
	await page.goForward()
	await page.getByRole('link', { name: second[0], exact: true }).waitFor()
})

test('sorted by number and by name, up and down, and the header says so and keeps the focus', async () => {
	const page = await openDevices()
	const sorted = () =>
		page
			.locator('th[aria-sort]')
			.evaluate((th) => [
				th.querySelector('button').dataset.focus.replace('sort ', ''),
				th.getAttribute('aria-sort'),
			])
	assert.deepEqual(await sorted(), ['name', 'ascending'])
	for (const [button, state, order] of [
		['Number', ['number', 'ascending'], 'id'],
		['Number', ['number', 'descending'], 'id DESC'],
		['Name', ['name', 'ascending'], 'device_name COLLATE "C"'],
		['Name', ['name', 'descending'], 'device_name COLLATE "C" DESC'],
	]) {
		await press(page, button)
		assert.deepEqual(await sorted(), state)
		assert.deepEqual(await namesOf(page), (await namesInOrder(order)).slice(0, PAGE))
		assert.equal(
			await page.evaluate(() => document.activeElement.dataset.focus),
			`sort ${state[0]}`,
			'the focus',
		)
	}
	await press(page, 'Next') // pages in the order that is chosen
	assert.deepEqual(
		await namesOf(page),
		(await namesInOrder('device_name COLLATE "C" DESC')).slice(PAGE, 2 * PAGE),
	)
})

test('the search finds parts of names in any case, and its link holds it', async () => {
	const page = await openDevices('#/devices?sort=number')
	await page.getByLabel('Search the devices').fill('LIGHTS')
	await page.getByText('3 devices').first().waitFor()
	await settled(page)
	assert.deepEqual(await namesOf(page), ['lights-kitchen', 'lights-hall', 'lights-garden'])
	assert.deepEqual(queryOf(page), { sort: 'number', search: 'LIGHTS' })
	const again = await openDevices(new URL(page.url()).hash)
	assert.equal(await again.getByLabel('Search the devices').inputValue(), 'LIGHTS')
	assert.equal(await caption(again), '3 devices')
	assert.ok(
		await page
			.getByLabel('Search the devices')
			.evaluate((it) => it === document.activeElement),
	)
	await page.getByLabel('Search the devices').fill('')
	await page.keyboard.press('Enter')
	await page.getByText('51 devices').first().waitFor()
})

test('a search finds on a later page too, and begins on its first one', async () => {
	const page = await openDevices()
	await press(page, 'Next')
	await page.getByLabel('Search the devices').fill('air')
	await page.getByText('1 device', { exact: true }).first().waitFor()
	assert.deepEqual(await namesOf(page), ['air-conditioner'])
})

test('what stands for itself in a search: no sign of it is a wildcard', async () => {
	const page = await openDevices()
	const search = page.getByLabel('Search the devices')
	for (const text of ['%', 'k_ttle', '\\', 'x"y', 'a,b(c)', '<b>&amp;']) {
		await search.fill(text)
		await page.getByText('No device has such a name').waitFor()
		await page.getByText(`Nothing has “${text}” in it`).waitFor()
	}
	await accessible(page, 'a search without a result')
	await page.getByRole('link', { name: 'Show all devices' }).click()
	await page.getByText('51 devices').first().waitFor()
	assert.equal(await search.inputValue(), '')
})

test('each device has what it consumed in thirty days, as a number and as a line', async () => {
	const page = await openDevices('#/devices?sort=number')
	const sums = lines(
		await sql(
			NAME,
			`SELECT sum(amount) FROM swm.consumption
			 WHERE date > (SELECT max(date) FROM swm.consumption) - 30
			 GROUP BY device_id ORDER BY device_id LIMIT ${PAGE}`,
		),
	)
	const shown = await page.locator('.recent-amount').allTextContents()
	assert.equal(shown.length, PAGE)
	shown.forEach((text, i) => {
		isShown(text, Number(sums[i]))
		assert.match(text, /kWh$/)
	})
	const label = 'kettle, day by day for 30 days until 31 Dec 2025, in kWh'
	const path = await page
		.getByRole('img', { name: label })
		.locator('.spark-line')
		.getAttribute('d')
	const high = /[ML]([\d.]+) ([\d.]+)/g
	const [, ...days] = lines(
		await sql(
			NAME,
			`SELECT 0 UNION ALL (SELECT amount FROM swm.consumption
			 WHERE device_id = 1 AND date > date '2025-12-31' - 30 ORDER BY date)`,
		),
	).map(Number)
	const heights = [...path.matchAll(high)].map(([, , y]) => 26 - Number(y))
	assert.equal(heights.length, 30)
	heights.forEach((height, i) =>
		assert.ok(Math.abs(height - (24 * days[i]) / Math.max(...days)) < 0.06, `day ${i}`),
	)
})

test('a name leads to its device', async () => {
	const page = await openDevices()
	const [cells] = await cellsOf(page.locator('table'))
	assert.equal(numberIn(cells[0]), 21)
	await page.getByRole('link', { name: 'air-conditioner' }).click()
	await page.getByRole('heading', { name: 'air-conditioner' }).waitFor()
	assert.equal(new URL(page.url()).hash, '#/device/21')
	assert.equal(await page.title(), 'air-conditioner · swm')
})

test('keys of a link that are none are told, with a way back', async () => {
	const page = await openDevices('#/devices?after=nonsense', { allow: ['400'] })
	await page.locator('.problem').getByText('Code').waitFor()
	await accessible(page, 'a bad link')
	const end = await openDevices('#/devices?after=(%22zzzz%22)')
	await end.getByText('There are no more devices').waitFor()
	await end.getByRole('link', { name: 'Go to the first page' }).click()
	await end.getByText('51 devices').first().waitFor()
})
