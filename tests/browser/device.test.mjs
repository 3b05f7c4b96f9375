// A device: its range and steps, others beside it, totals and numbers, all compared with the database.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { accessible, browserTests, cellsOf, isShown, numberIn, settled } from './support.mjs'

const { open, server, sql, token } = browserTests()
const NAME = 'still' // nobody writes into it
const YEAR = 'from=2025-01-01&to=2025-12-31'

async function openDevice(route, options = {}) {
	const page = await open((await server(NAME)).url, route, options)
	await settled(page)
	return page
}
const table = async (text) =>
	(await sql(NAME, text))
		.split('\n')
		.filter(Boolean)
		.map((line) => line.split('|'))
const queryOf = (page) =>
	Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? ''))
const totals = (page, unit) => cellsOf(page.getByRole('table', { name: `Totals in ${unit}` }))

// What the database says of a device: as it is asked by the page's words, but without its functions.
const sums = (id, by, range = "date '2025-01-01' AND date '2025-12-31'") =>
	table(`SELECT to_char(min(bucket), 'YYYY-MM-DD'), sum(amount), min(least), max(most), sum(count)
		FROM (SELECT date_trunc('${by}', date)::date AS bucket, sum(amount) AS amount,
		             min(amount) AS least, max(amount) AS most, count(*)
		      FROM swm.consumption WHERE device_id = ${id} AND date BETWEEN ${range}
		      GROUP BY 1) AS b GROUP BY b.bucket ORDER BY 1`)

async function numbersShown(page, unit, by) {
	await page.getByText(`The numbers as a table (${unit})`).click()
	const numbers = page.getByRole('table', { name: `Consumption in ${unit} by ${by}` })
	const all = numbers.locator('xpath=../..').getByRole('button', { name: /^Show all/ })
	if (await all.isVisible()) await all.click()
	return cellsOf(numbers)
}

for (const by of ['day', 'week', 'month'])
	test(`by ${by}: the totals, extremes and numbers are those of the database`, async () => {
		const page = await openDevice(`#/device/17?${YEAR}&by=${by}`)
		const buckets = (await sums(17, by)).map(([, ...numbers]) => numbers.map(Number))
		const amounts = buckets.map(([amount]) => amount)
		const sum = amounts.reduce((a, b) => a + b)
		const [[name, total, mean, lowest, highest, ...more]] = await totals(page, 'kWh')
		assert.equal(name, 'heat-pump')
		isShown(total, sum)
		isShown(mean, sum / amounts.length)
		isShown(lowest, Math.min(...amounts))
		isShown(highest, Math.max(...amounts))
		if (by !== 'day') {
			isShown(more.shift(), Math.min(...buckets.map(([, least]) => least)))
			isShown(more.shift(), Math.max(...buckets.map(([, , most]) => most)))
		}
		assert.deepEqual(more, ['365'])
		const numbers = await numbersShown(page, 'kWh', by)
		assert.deepEqual(
			numbers.map(([, amount]) => numberIn(amount)),
			amounts,
		)
		await accessible(page, `a device by ${by}`)
	})

test('weeks and months have their days, cut off where the range is', async () => {
	const page = await openDevice('#/device/17?from=2025-01-30&to=2025-02-10&by=week')
	const weeks = await numbersShown(page, 'kWh', 'week')
	assert.deepEqual(
		weeks.map(([week]) => week.replaceAll(/\s/g, ' ')),
		['30 Jan – 2 Feb 2025', '3 – 9 Feb 2025', '10 Feb 2025'],
	)
	const expected = await sums(17, 'week', "date '2025-01-30' AND date '2025-02-10'")
	assert.deepEqual(
		weeks.map(([, amount]) => numberIn(amount)),
		expected.map(([, amount]) => Number(amount)),
	)
	await page.getByRole('radio', { name: 'month' }).check()
	await settled(page)
	const months = await numbersShown(page, 'kWh', 'month')
	assert.deepEqual(
		months.map(([month]) => month.replaceAll(/\s/g, ' ')),
		['30 – 31 Jan 2025', '1 – 10 Feb 2025'],
	)
	await page.getByLabel('From').fill('2025-01-01')
	await settled(page)
	const [[january]] = await numbersShown(page, 'kWh', 'month')
	assert.equal(january, 'January 2025')
})

test('every control of the range writes it into the link', async () => {
	const page = await openDevice('#/device/17')
	const pressed = () =>
		page
			.getByRole('group', { name: /Ranges/ })
			.locator('[aria-pressed=true]')
			.allTextContents()
	const fields = async () => [
		await page.getByLabel('From').inputValue(),
		await page.getByLabel('To', { exact: true }).inputValue(),
	]
	assert.deepEqual(
		[await fields(), await pressed()],
		[['2025-10-03', '2025-12-31'], ['90 days']],
	)
	const [[first]] = await table('SELECT min(date) FROM swm.consumption')
	for (const [name, from] of [
		['30 days', '2025-12-02'],
		['1 year', '2025-01-01'],
		['All', first],
		['90 days', '2025-10-03'],
	]) {
		await page.getByRole('button', { name, exact: true }).click()
		await settled(page)
		assert.deepEqual(queryOf(page), { from, to: '2025-12-31' })
		assert.deepEqual(await fields(), [from, '2025-12-31'])
		assert.ok((await pressed()).includes(name))
	}
	await page.getByLabel('From').fill('2025-06-01')
	await page.getByLabel('To', { exact: true }).fill('2025-06-10')
	await settled(page)
	assert.deepEqual(queryOf(page), { from: '2025-06-01', to: '2025-06-10' })
	assert.equal((await totals(page, 'kWh'))[0].at(-1), '10')
	assert.deepEqual(await pressed(), [])
	for (const by of ['week', 'month', 'day']) {
		await page.getByRole('radio', { name: by }).check()
		await settled(page)
		assert.equal(queryOf(page).by, by)
		await page
			.getByRole('table', { name: `Totals in kWh` })
			.getByText(`Mean of a ${by}`)
			.waitFor()
	}
	await page.goBack()
	await page.getByText('Mean of a month').waitFor()
	assert.ok(await page.getByRole('radio', { name: 'month' }).isChecked())
})

test('a range that is none is told beside its fields, and what was typed stays', async () => {
	const page = await openDevice(`#/device/17?${YEAR}`)
	await page.getByLabel('From').fill('2026-02-01')
	await page.getByRole('alert').getByText('The first day is after the last one.').waitFor()
	assert.equal(await page.getByLabel('From').inputValue(), '2026-02-01')
	assert.equal(queryOf(page).from, '2025-01-01')
	await accessible(page, 'a wrong range')
	await page.getByLabel('From').fill('0002-01-01')
	await page.getByText('choose a shorter range, or longer steps').waitFor()
	await page.getByLabel('From').fill('2025-12-01')
	await settled(page)
	assert.equal(queryOf(page).from, '2025-12-01')
	assert.equal(await page.getByText('choose a shorter range').count(), 0)
})

test('links with anything in them are told, with a way on', async () => {
	const page = await openDevice('#/device/17?from=2025-02-30')
	await page.getByText('“2025-02-30” is not a date like 2025-12-31.').waitFor()
	await accessible(page, 'a link that is wrong')
	await page.getByRole('link', { name: 'Show the last 90 days' }).click()
	await page.getByRole('table', { name: 'Totals in kWh' }).waitFor()
	const [{ url }, other] = [await server(NAME), await openDevice('#/devices')]
	const texts = {
		'#/device/17?by=year': '“year” is not one of day, week and month.',
		'#/device/17?from=2025-02-02&to=2025-02-01': 'The first day is after the last one.',
		'#/device/x': 'This is no number of a device',
		'#/device': 'This is no number of a device',
		'#/device/99999999999': 'This is no number of a device',
		'#/device/777': 'There is no device 777',
		'#/device/17?from=2031-01-01&to=2031-01-31': 'No readings for',
		'#/nothing': 'There is no such view',
	}
	for (const [route, text] of Object.entries(texts)) {
		await other.goto(new URL(`ui/${route}`, url).href)
		await other.locator('main').getByText(text).waitFor()
		assert.ok(await other.locator('h1').isVisible(), route)
	}
})

test('a time without readings offers the one that has some', async () => {
	const page = await openDevice('#/device/17?from=2031-01-01&to=2031-01-01')
	await page.getByText('No readings on 1 Jan 2031').waitFor()
	await page.getByRole('link', { name: 'Show all of that time' }).click()
	await page.getByRole('table', { name: 'Totals in kWh' }).waitFor()
	assert.equal(queryOf(page).by, 'month')
})

test('a second and a third device are compared, a fourth is not, and the link holds them', async () => {
	const page = await openDevice(`#/device/17?${YEAR}&by=month`)
	const field = page.getByLabel('Compare with')
	const note = page.locator('.field-error')
	await field.fill('toast')
	await page.locator('datalist option[value=toaster]').waitFor({ state: 'attached' })
	await page.getByRole('button', { name: 'Add', exact: true }).click()
	await note.getByText('There is no device “toast”.').waitFor()
	assert.equal(await field.inputValue(), 'toast')
	await field.fill('heat-pump')
	await page.keyboard.press('Enter')
	await note.getByText('heat-pump is in the plot already.').waitFor()
	await field.fill('toaster')
	await page.keyboard.press('Enter')
	await page.getByRole('button', { name: 'Remove toaster from the plot' }).waitFor()
	await field.fill('car-charger')
	await page.getByRole('button', { name: 'Add', exact: true }).click()
	await page.getByRole('button', { name: 'Remove car-charger from the plot' }).waitFor()
	await settled(page)
	await field.waitFor({ state: 'hidden' }) // three are the most
	assert.equal(
		await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
		'Remove car-charger from the plot',
	)
	assert.equal(queryOf(page).with, '2,44')
	await accessible(page, 'three devices')
	const check = async (shown) => {
		const rows = await totals(shown, 'kWh')
		assert.deepEqual(
			rows.map(([name]) => name),
			['heat-pump', 'toaster', 'car-charger'],
		)
		const numbers = await numbersShown(shown, 'kWh', 'month')
		for (const [at, id] of [17, 2, 44].entries()) {
			const expected = (await sums(id, 'month')).map(([, amount]) =>
				Number(amount),
			)
			isShown(
				rows[at][1],
				expected.reduce((a, b) => a + b),
			)
			assert.deepEqual(
				numbers.map((row) => numberIn(row[1 + at])),
				expected,
			)
		}
	}
	await check(page)
	await check(await openDevice(new URL(page.url()).hash))
	await page.getByRole('button', { name: 'Remove toaster from the plot' }).click()
	await settled(page)
	assert.equal(queryOf(page).with, '44')
	assert.ok(await field.evaluate((input) => input === document.activeElement), 'the focus')
	await page.getByRole('table', { name: 'Totals in kWh' }).getByText('car-charger').waitFor()
	await page.getByRole('button', { name: 'Remove car-charger from the plot' }).click()
	await settled(page)
	assert.ok(!('with' in queryOf(page)))
	assert.equal((await totals(page, 'kWh')).length, 1)
})

test('devices of other units have plots and totals of their own', async () => {
	const page = await openDevice(`#/device/17?${YEAR}&by=month&with=49,17,x`)
	assert.deepEqual(await page.locator('main h2').allTextContents(), [
		'kWh',
		'l',
		'Single readings: enter, correct',
	])
	for (const [unit, name, id] of [
		['kWh', 'heat-pump', 17],
		['l', 'water-house', 49],
	]) {
		const [row, ...others] = await totals(page, unit)
		assert.deepEqual([row[0], others], [name, []])
		const months = await sums(id, 'month')
		isShown(
			row[1],
			months.reduce((sum, [, amount]) => sum + Number(amount), 0),
		)
		await page.getByRole('slider', { name: `Plot of ${name} in ${unit}` }).waitFor()
	}
})

test('a device has one colour, in every plot and beside its name', async () => {
	const page = await openDevice(`#/device/17?${YEAR}&by=month&with=49,44`)
	for (const [unit, names] of [
		['kWh', ['heat-pump', 'car-charger']],
		['l', ['water-house']],
	]) {
		const place = page.getByRole('region', {
			name: `${names.join(', ')} in ${unit}`,
			exact: true,
		})
		const found = await place.evaluate((section) => {
			const wanted = [...section.querySelectorAll('.swatch')].map(
				(swatch) => getComputedStyle(swatch).backgroundColor,
			)
			const painted = new Set()
			for (const canvas of section.querySelectorAll('canvas')) {
				const { width, height } = canvas
				const { data } = canvas
					.getContext('2d')
					.getImageData(0, 0, width, height)
				for (let i = 0; i < data.length; i += 4)
					if (data[i + 3] === 255)
						painted.add(
							`rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`,
						)
			}
			return wanted.map((colour) => painted.has(colour))
		})
		assert.deepEqual(
			found,
			names.map(() => true),
			unit,
		)
	}
})

test('the plot is walked by keys and pointed at, and says what stands there', async () => {
	const page = await openDevice('#/device/17?from=2025-03-01&to=2025-03-31')
	const days = (await sums(17, 'day', "date '2025-03-01' AND date '2025-03-31'")).map((row) =>
		Number(row[1]),
	)
	const plot = page.getByRole('slider', { name: 'Plot of heat-pump in kWh' })
	const said = () => plot.getAttribute('aria-valuetext')
	assert.match(await said(), /^1\s–\s31 Mar 2025 by day\. heat-pump: .* in all, lowest/)
	await plot.focus()
	for (const [key, day] of [
		['Home', 1],
		['ArrowRight', 2],
		['PageDown', 12],
		['ArrowLeft', 11],
		['PageUp', 1],
		['ArrowLeft', 1],
		['End', 31],
		['ArrowRight', 31],
	]) {
		await page.keyboard.press(key)
		const [date, amount] = (await said()).split(': ')
		assert.equal(date, `${day} Mar 2025`, key)
		isShown(amount, days[day - 1])
		assert.equal(await plot.getAttribute('aria-valuenow'), String(day - 1))
		assert.equal(await page.locator('.plot-readout').textContent(), await said())
	}
	await page.keyboard.press('Tab')
	await page.getByText('Point at the plot').waitFor()
	await plot.hover()
	await page
		.locator('.plot-readout')
		.getByText(/Mar 2025: \d/)
		.waitFor()
	await page.mouse.move(0, 0)
	await page.getByText('Point at the plot').waitFor()
})

test('the numbers are downloaded as CSV, as they are in the database', async () => {
	const page = await openDevice(`#/device/17?${YEAR}&by=month&with=49`)
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: 'Download as CSV' }).click(),
	])
	assert.equal(file.suggestedFilename(), 'consumption_17-49_2025-01-01_2025-12-31_month.csv')
	const [head, ...rows] = readFileSync(await file.path(), 'utf8')
		.trim()
		.split('\n')
	assert.equal(head, 'device_id,unit,bucket,amount,readings,smallest,largest')
	const expected = await table(`
		SELECT device_id, unit, date_trunc('month', date)::date, sum(amount), count(*),
		       min(amount), max(amount)
		FROM swm.consumption WHERE device_id IN (17, 49) AND date BETWEEN '2025-01-01' AND '2025-12-31'
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	assert.deepEqual(
		rows,
		expected.map((row) => row.join(',')),
	)
})

test('the colours of the plot follow the theme', async () => {
	const page = await openDevice('#/device/17?from=2025-03-01&to=2025-03-31')
	const picture = () =>
		page.evaluate(() => document.querySelector('.plot-canvas canvas').toDataURL())
	const light = await picture()
	await page.getByLabel('Theme').selectOption('dark')
	const dark = await picture()
	assert.notEqual(dark, light)
	await page.reload()
	await settled(page)
	assert.equal(await page.getByLabel('Theme').inputValue(), 'dark')
	assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
	await page.getByLabel('Theme').selectOption('auto')
	await page.emulateMedia({ colorScheme: 'dark' })
	await page.waitForFunction(
		(wanted) => document.querySelector('.plot-canvas canvas').toDataURL() === wanted,
		dark,
	)
})

test('amounts of any size are shown, and those that are no number break nothing', async () => {
	const { url } = await server('strange', { database: 'empty' })
	const amounts = ['0.00001234', '-2.5', '123456789012345.678', 'NaN', 'Infinity']
	await sql(
		'strange',
		`ALTER TABLE swm.consumption DROP CONSTRAINT consumption_amount_check; -- as it was once
		 INSERT INTO swm.devices SELECT i, 'strange' || i FROM generate_series(1, 5) AS i;
		 INSERT INTO swm.consumption (date, device_id, amount, unit) VALUES
		 ${amounts.map((amount, i) => `('2025-03-0${i + 1}', ${i + 1}, '${amount}', 'u${i + 1}')`)},
		 ${amounts.map((amount, i) => `('2025-04-01', ${i + 1}, 1, 'u${i + 1}')`)}`,
	)
	const expected = ['0.00001234', '-2.5', '123,456,789,012,346', 'NaN', '∞']
	for (const [i, text] of expected.entries()) {
		const page = await open(url, `#/device/${i + 1}?from=2025-03-01&to=2025-03-31`)
		await settled(page)
		const [[, total]] = await cellsOf(page.getByRole('table', { name: 'Totals in' }))
		assert.equal(total, `${text}\u00a0u${i + 1}`)
		const wide = await open(
			url,
			`#/device/${i + 1}?from=2025-03-01&to=2025-04-30&by=month`,
		)
		await settled(wide)
		await wide.getByRole('slider').focus()
		await wide.keyboard.press('Home')
		await wide.locator('.plot-readout').getByText(`March 2025: ${text}`).waitFor()
	}
	const fleet = await open(url, '#/fleet?from=2025-03-01&to=2025-04-30&by=day')
	await settled(fleet)
	assert.equal(await fleet.getByRole('slider').count(), 5)
	const list = await open(url, '#/devices')
	await settled(list)
	await list.getByRole('cell', { name: 'strange5' }).waitFor()
})

test('days that are none, and a wrong clock, move nobody’s range and break no view', async () => {
	const { url } = await server('clocks', { database: 'empty' })
	await sql(
		'clocks',
		`ALTER TABLE swm.consumption DROP CONSTRAINT consumption_date_check; -- as it was once
		 INSERT INTO swm.devices VALUES (1, 'right'), (2, 'wrong');
		 INSERT INTO swm.consumption (date, device_id, amount, unit) VALUES
		 ('2025-12-30', 1, 1, 'kWh'), ('2025-12-31', 1, 2, 'kWh'), ('2999-01-01', 2, 4, 'kWh'),
		 ('infinity', 2, 8, 'kWh'), ('20250-01-01', 2, 16, 'kWh'), ('-infinity', 2, 32, 'kWh'),
		 ('0044-03-15 BC', 2, 64, 'kWh')`,
	)
	const list = await open(url, '#/devices')
	await settled(list)
	await list.getByRole('row', { name: 'right' }).getByText('3\u00a0kWh').waitFor()
	for (const route of ['#/fleet?by=day', '#/device/1']) {
		const page = await open(url, route)
		await settled(page)
		assert.equal(
			await page.getByLabel('To', { exact: true }).inputValue(),
			'2025-12-31',
		)
		assert.equal(await page.getByRole('slider').count(), 1)
	}
	const page = await open(url, '#/device/2', {
		token: await token({
			role: 'swm_writer',
			exp: Math.floor(Date.now() / 1000) + 3600,
		}),
	})
	await settled(page)
	await page.getByText('The fleet has readings from 30 Dec 2025 to 31 Dec 2025.').waitFor()
	await page.getByText('Single readings').click()
	const readings = page.getByRole('table', { name: 'Readings, newest first' })
	await readings.waitFor()
	assert.deepEqual(
		(await cellsOf(readings)).map(([day, amount]) => [day, amount]),
		[
			['infinity', '8\u00a0kWh'],
			['20250-01-01', '16\u00a0kWh'],
			['1 Jan 2999', '4\u00a0kWh'],
			['0044-03-15 BC', '64\u00a0kWh'],
			['-infinity', '32\u00a0kWh'],
		],
	)
	await page.getByRole('button', { name: 'Correct the reading of infinity' }).click()
	const form = page.getByRole('form', { name: 'Correct the reading of infinity' })
	await form.getByLabel('Day').fill('2025-12-31')
	await form.getByRole('button', { name: 'Correct', exact: true }).click()
	await page.getByRole('slider').waitFor()
})
