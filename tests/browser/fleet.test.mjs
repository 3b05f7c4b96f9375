// The fleet: totals, the largest consumers, units apart, compared with the database.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { accessible, browserTests, cellsOf, isShown, numberIn, settled } from './support.mjs'

const { open, server, sql } = browserTests()
const NAME = 'still' // nobody writes into it
const UNITS = ['kWh', 'l']

async function openFleet(query = '', options = {}) {
	const page = await open((await server(NAME)).url, `#/fleet${query}`, options)
	await settled(page)
	return page
}
const table = async (text) =>
	(await sql(NAME, text))
		.split('\n')
		.filter(Boolean)
		.map((line) => line.split('|'))
const section = (page, unit) => page.getByRole('region', { name: `The fleet in ${unit}` })
const queryOf = (page) =>
	Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? ''))

// bucket, amount, readings of a unit, asked without the functions that the page asks
const buckets = (unit, by, first, last) =>
	table(`SELECT date_trunc('${by}', date)::date, sum(amount), count(*) FROM swm.consumption
		WHERE unit = '${unit}' AND date BETWEEN '${first}' AND '${last}' GROUP BY 1 ORDER BY 1`)

async function figuresOf(place) {
	const texts = await place
		.locator('.figure')
		.evaluateAll((all) =>
			all.map((one) => [
				one.querySelector('dt').textContent,
				one.querySelector('dd').firstChild.textContent,
			]),
		)
	return Object.fromEntries(texts)
}

async function isTheDatabases(page, by, first, last) {
	for (const unit of UNITS) {
		const expected = (await buckets(unit, by, first, last)).map(
			([, amount, readings]) => [Number(amount), Number(readings)],
		)
		const amounts = expected.map(([amount]) => amount)
		const total = amounts.reduce((a, b) => a + b)
		const place = section(page, unit)
		const figures = await figuresOf(place)
		isShown(figures.Total, total)
		isShown(figures[`Mean of a ${by}`], total / amounts.length)
		isShown(figures[`Lowest ${by}`], Math.min(...amounts))
		isShown(figures[`Highest ${by}`], Math.max(...amounts))
		const readings = expected.reduce((sum, [, count]) => sum + count, 0)
		assert.equal(figures.Readings, readings.toLocaleString('en-GB'))
		assert.ok(figures.Total.endsWith(unit))
		await place.getByText(`The numbers as a table (${unit})`).click()
		const numbers = place.getByRole('table', {
			name: `The fleet's consumption in ${unit} by ${by}`,
		})
		const all = numbers
			.locator('xpath=../..')
			.getByRole('button', { name: /^Show all/ })
		if (await all.isVisible()) await all.click()
		assert.deepEqual(
			(await cellsOf(numbers)).map(([, ...cells]) => cells.map(numberIn)),
			expected,
		)
	}
}

test('the last year by week, units apart', async () => {
	const page = await openFleet()
	assert.deepEqual(await page.locator('main h2').allTextContents(), UNITS)
	await isTheDatabases(page, 'week', '2025-01-01', '2025-12-31')
	assert.equal(await page.getByRole('slider').count(), UNITS.length)
	await accessible(page, 'the fleet with its tables')
})

for (const [by, first, last] of [
	['day', '2025-01-01', '2025-12-31'],
	['month', '2025-02-10', '2025-05-20'],
])
	test(`by ${by}, from a link`, async () => {
		const page = await openFleet(`?from=${first}&to=${last}&by=${by}`)
		assert.ok(await page.getByRole('radio', { name: by }).isChecked())
		await isTheDatabases(page, by, first, last)
	})

test('the largest consumers of a range, with their shares, lead to the devices', async () => {
	const [first, last] = ['2025-03-01', '2025-03-31']
	const page = await openFleet(`?from=${first}&to=${last}&by=day`)
	for (const unit of UNITS) {
		const expected = await table(`
			SELECT device_name, sum(amount), sum(amount) / sum(sum(amount)) OVER () * 100
			FROM swm.consumption JOIN swm.devices ON devices.id = device_id
			WHERE unit = '${unit}' AND date BETWEEN '${first}' AND '${last}'
			GROUP BY device_id, device_name ORDER BY 2 DESC LIMIT 10`)
		const shown = await cellsOf(
			page.getByRole('table', { name: `Largest consumers in ${unit}` }),
		)
		assert.deepEqual(
			shown.map(([name]) => name),
			expected.map(([name]) => name),
		)
		shown.forEach(([, amount, share], i) => {
			isShown(amount, Number(expected[i][1]))
			isShown(share, Number(expected[i][2]))
			assert.match(share, /%$/)
		})
	}
	await page.getByRole('link', { name: 'heat-pump' }).click()
	await page.getByRole('heading', { name: 'heat-pump' }).waitFor()
	await settled(page)
	assert.deepEqual(queryOf(page), { from: first, to: last, by: 'day' })
	assert.ok(await page.locator('h1').evaluate((title) => title === document.activeElement))
	await page.goBack()
	await page.getByRole('table', { name: 'Largest consumers in kWh' }).waitFor()
})

test('every control of the range writes it into the link', async () => {
	const page = await openFleet()
	for (const [name, from] of [
		['30 days', '2025-12-02'],
		['90 days', '2025-10-03'],
		['1 year', '2025-01-01'],
		['All', '2025-01-01'],
	]) {
		await page.getByRole('button', { name, exact: true }).click()
		await settled(page)
		assert.equal(await page.getByLabel('From').inputValue(), from)
	}
	assert.deepEqual(queryOf(page), { from: '2025-01-01', to: '2025-12-31' })
	await page.getByRole('radio', { name: 'month' }).check()
	await settled(page)
	await page.getByLabel('From').fill('2025-07-01')
	await page.getByLabel('To', { exact: true }).fill('2025-08-31')
	await settled(page)
	assert.deepEqual(queryOf(page), { from: '2025-07-01', to: '2025-08-31', by: 'month' })
	await isTheDatabases(page, 'month', '2025-07-01', '2025-08-31')
	const again = await openFleet(new URL(page.url()).hash.slice('#/fleet'.length))
	await isTheDatabases(again, 'month', '2025-07-01', '2025-08-31')
	await page.goBack()
	await page.waitForFunction(() => location.hash.includes('2025-12-31'))
})

test('the numbers are downloaded as CSV', async () => {
	const page = await openFleet('?by=month&from=2025-01-01&to=2025-12-31')
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: 'Download as CSV' }).click(),
	])
	assert.equal(file.suggestedFilename(), 'fleet_2025-01-01_2025-12-31_month.csv')
	const expected = []
	for (const unit of UNITS)
		for (const row of await buckets(unit, 'month', '2025-01-01', '2025-12-31'))
			expected.push([unit, ...row].join(','))
	assert.deepEqual(
		readFileSync(await file.path(), 'utf8')
			.trim()
			.split('\n'),
		['unit,bucket,amount,readings', ...expected],
	)
})

test('ranges without readings and links that are wrong are told, with a way on', async () => {
	const page = await openFleet('?from=2031-01-01&to=2031-01-31')
	await page.getByText('No readings for').waitFor()
	await page.getByText('from 1 Jan 2025 to 31 Dec 2025').waitFor()
	await accessible(page, 'no readings')
	await page.getByRole('link', { name: 'Show all of that time' }).click()
	await section(page, 'kWh').waitFor()
	const wrong = await openFleet('?by=hour')
	await wrong.getByText('“hour” is not one of day, week and month.').waitFor()
	await wrong.getByRole('link', { name: 'Show the last year' }).click()
	await section(wrong, 'l').waitFor()
})

test('the page takes as many points as the server answers', async () => {
	const first = (count) => new Date(Date.UTC(2025, 11, 32 - count)).toISOString().slice(0, 10)
	const page = await openFleet(`?from=${first(10000)}&to=2025-12-31&by=day`)
	await section(page, 'kWh').waitFor()
	const more = await openFleet(`?from=${first(10001)}&to=2025-12-31&by=day`)
	await more.getByText('That is about 10,001 points by day').waitFor()
})
