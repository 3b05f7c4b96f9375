// Adding a device, entering and correcting readings: by who may, by who may not, by two at once.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { accessible, browserTests, screenshot, settled } from './support.mjs'

const { open, server, sql, token } = browserTests()
const NAME = 'sample'
const as = (role, claims = {}) =>
	token({ role, exp: Math.floor(Date.now() / 1000) + 3600, ...claims })

async function deviceOf(id, name) {
	await server(NAME)
	await sql(NAME, `DELETE FROM swm.consumption WHERE device_id = ${id}`)
	await sql(NAME, `INSERT INTO swm.devices VALUES (${id}, '${name}') ON CONFLICT DO NOTHING`)
	await sql(
		NAME,
		`INSERT INTO swm.consumption (date, device_id, amount, unit)
		 VALUES ('2025-12-30', ${id}, 1.5, 'kWh'), ('2025-12-31', ${id}, 2.25, 'kWh')`,
	)
}
const amounts = async (id) =>
	(
		await sql(
			NAME,
			`SELECT string_agg(date || '=' || amount, ' ' ORDER BY date)
			 FROM swm.consumption WHERE device_id = ${id}`,
		)
	).trim()

async function openReadings(id, role = 'swm_writer', options = {}) {
	const { url } = await server(NAME)
	const page = await open(url, `#/device/${id}?from=2025-12-01&to=2025-12-31`, {
		token: role && (await as(role, { device_id: id })),
		...options,
	})
	await settled(page)
	await page.getByText('Single readings').click()
	await page.getByRole('table', { name: 'Readings, newest first' }).waitFor()
	return page
}

async function fillReading(form, { date, amount }) {
	if (date) await form.getByLabel('Day').fill(date)
	if (amount) await form.getByLabel('Amount').fill(amount)
}

test('a device is added, and what is wrong is told with what was typed', async () => {
	const { url } = await server(NAME)
	await sql(NAME, "DELETE FROM swm.devices WHERE device_name = 'lamp-hall'")
	const page = await open(url, '#/devices', { token: await as('swm_writer'), allow: ['409'] })
	await page.getByRole('link', { name: 'Add a device' }).click()
	const name = page.getByLabel('Name')
	await name.fill('kettle')
	await page.getByRole('button', { name: 'Add the device' }).click()
	await page.locator('.form-problem').getByText('23505').waitFor()
	assert.equal(await name.inputValue(), 'kettle')
	await accessible(page, 'a name that is taken')
	await name.fill('lamp-hall')
	await page.getByRole('button', { name: 'Add the device' }).click()
	await page.getByRole('heading', { name: 'lamp-hall' }).waitFor()
	await sql(NAME, "DELETE FROM swm.devices WHERE device_name = 'lamp-hall'")
})

test('a reading is entered, and the plot and its table have it', async () => {
	await deviceOf(900, 'entered')
	const page = await openReadings(900)
	const form = page.getByRole('form', { name: 'Enter a reading' })
	await fillReading(form, { date: '2025-12-20', amount: '12,5' })
	await form.getByRole('button', { name: 'Enter the reading' }).click()
	await page.getByRole('rowheader', { name: '20 Dec 2025' }).waitFor()
	await page.locator('strong', { hasText: '16.25' }).waitFor()
	assert.equal(await amounts(900), '2025-12-20=12.5 2025-12-30=1.5 2025-12-31=2.25')
	await screenshot(page, 'readings')
	await accessible(page, 'the readings of a device')
})

test('a day that has a reading offers to correct that one', async () => {
	await deviceOf(901, 'taken')
	const page = await openReadings(901, 'swm_writer', { allow: ['409'] })
	const form = page.getByRole('form', { name: 'Enter a reading' })
	await fillReading(form, { date: '2025-12-30', amount: '7' })
	await form.getByRole('button', { name: 'Enter the reading' }).click()
	await form.getByText('There is a reading of that day: 1.5').waitFor()
	await form.getByRole('button', { name: 'Correct it to 7' }).click()
	await page.getByRole('button', { name: 'Correct', exact: true }).first().waitFor()
	const correction = page.getByRole('form', { name: /Correct the reading/ })
	await correction.getByRole('button', { name: 'Correct', exact: true }).click()
	await page.locator('strong', { hasText: '9.25' }).waitFor()
	assert.equal(await amounts(901), '2025-12-30=7 2025-12-31=2.25')
})

test('two people who correct one reading: nothing is lost silently', async () => {
	await deviceOf(902, 'contested')
	const page = await openReadings(902)
	await page.getByRole('button', { name: 'Correct the reading of 31 Dec 2025' }).click()
	const form = page.getByRole('form', { name: /Correct the reading/ })
	await fillReading(form, { amount: '3' })
	await sql(
		NAME,
		"UPDATE swm.consumption SET amount = 4 WHERE device_id = 902 AND date = '2025-12-31'",
	)
	const button = form.getByRole('button', { name: 'Correct', exact: true })
	await button.click()
	await form.getByText('Somebody else has changed this reading').waitFor()
	assert.equal(await amounts(902), '2025-12-30=1.5 2025-12-31=4')
	assert.equal(await form.getByLabel('Amount').inputValue(), '3')
	await accessible(page, 'a correction that meets another')
	await button.click()
	await form.waitFor({ state: 'detached' })
	assert.equal(await amounts(902), '2025-12-30=1.5 2025-12-31=3')
})

test('a reading that was deleted meanwhile keeps what was typed', async () => {
	await deviceOf(903, 'deleted')
	const page = await openReadings(903)
	await page.getByRole('button', { name: 'Correct the reading of 31 Dec 2025' }).click()
	const form = page.getByRole('form', { name: /Correct the reading/ })
	await fillReading(form, { amount: '3' })
	await sql(NAME, "DELETE FROM swm.consumption WHERE device_id = 903 AND date = '2025-12-31'")
	await form.getByRole('button', { name: 'Correct', exact: true }).click()
	await form.getByText('was deleted meanwhile').waitFor()
	assert.equal(await form.getByLabel('Amount').inputValue(), '3')
})

test('a device that was deleted meanwhile is told by the database, and the amount stays', async () => {
	await deviceOf(904, 'removed')
	const page = await openReadings(904, 'swm_writer', { allow: ['409'] })
	const form = page.getByRole('form', { name: 'Enter a reading' })
	await fillReading(form, { date: '2025-12-01', amount: '3' })
	await sql(NAME, 'DELETE FROM swm.consumption WHERE device_id = 904')
	await sql(NAME, 'DELETE FROM swm.devices WHERE id = 904')
	await form.getByRole('button', { name: 'Enter the reading' }).click()
	await form.getByText('23503').waitFor()
	assert.equal(await form.getByLabel('Amount').inputValue(), '3')
})

test('amounts and days that are none are told before the server is asked', async () => {
	await deviceOf(905, 'typed')
	const page = await openReadings(905)
	const form = page.getByRole('form', { name: 'Enter a reading' })
	const button = form.getByRole('button', { name: 'Enter the reading' })
	await fillReading(form, { amount: '1e' })
	await button.click()
	await form.getByText('“1e” is not an amount').waitFor()
	await fillReading(form, { date: '', amount: '1' })
	await form.getByLabel('Day').fill('')
	await button.click()
	await form.getByText('Enter the day').waitFor()
})

test('who may not write is told so, with the way to sign in', async () => {
	await deviceOf(906, 'read-only')
	const page = await openReadings(906, null)
	await page.getByText('You may read these readings, but not enter any.').waitFor()
	assert.equal(await page.getByRole('button', { name: 'Enter the reading' }).count(), 0)
	const { url } = await server(NAME)
	const add = await open(url, '#/add-device')
	await add
		.getByText('You may not see this')
		.or(add.getByText('may not add devices'))
		.first()
		.waitFor()
	await add.locator('main').getByRole('link', { name: 'Sign in' }).waitFor()
})
