// Numbers and dates as the reader writes them, by the browser's own language.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { browserTests, cellsOf, screenshot, settled } from './support.mjs'

const { open, server, sql, token } = browserTests()
const NAME = 'locales'

// amount: what 1234.5 is in a table; typed: how an amount is typed, and what it is in PostgreSQL
const LOCALES = {
	'de-DE': {
		amount: '1.234,5',
		share: /^\d+,?\d*\s%$/,
		day: '31. Dez. 2025',
		month: 'März 2025',
		rows: '2.192',
		typed: { '12,5': '12.5', '1.234,5': '1234.5', 7: '7' },
		refused: '1.234',
		refusal: '“1.234” can be read in two ways: write 1234 or 1,234.',
		shown: '12,5',
	},
	'en-US': {
		amount: '1,234.5',
		share: /^\d+\.?\d*%$/,
		day: 'Dec 31, 2025',
		month: 'March 2025',
		rows: '2,192',
		typed: { 12.5: '12.5', '1,234.5': '1234.5', '12,5': '12.5' },
		refused: '1,234',
		refusal: '“1,234” can be read in two ways: write 1234 or 1.234.',
		shown: '12.5',
	},
	'ar-EG': {
		amount: '١٬٢٣٤٫٥',
		share: /^[\u200e\u200f\u061c]*[٠-٩]+٫?[٠-٩]*٪/,
		day: '٣١ ديسمبر ٢٠٢٥',
		month: 'مارس ٢٠٢٥',
		rows: '٢٬١٩٢',
		typed: { '١٢٫٥': '12.5', '١٬٢٣٤٫٥': '1234.5', 12.5: '12.5' },
		refused: '1,234',
		refusal: '“1,234” can be read in two ways: write 1234 or 1٫234.',
		shown: '12٫5',
	},
}
const READINGS = [
	['2025-03-09', 1234.5],
	['2025-12-31', 12.5],
]

async function prepare() {
	await server(NAME, { database: 'empty' })
	await sql(
		NAME,
		`DELETE FROM swm.consumption;
		 INSERT INTO swm.devices VALUES (1, 'meter') ON CONFLICT DO NOTHING;
		 INSERT INTO swm.consumption (date, device_id, amount, unit)
		 VALUES ${READINGS.map(([day, amount]) => `('${day}', 1, ${amount}, 'kWh')`)}`,
	)
}
const openIn = async (locale, route, options) => {
	const page = await open((await server(NAME)).url, route, { locale, ...options })
	await settled(page)
	return page
}
const withoutMarks = (text) => text.replaceAll(/[\u200e\u200f\u061c]/g, '')

for (const [locale, form] of Object.entries(LOCALES)) {
	test(`${locale}: amounts, shares, days and months`, async () => {
		await prepare()
		const page = await openIn(
			locale,
			'#/device/1?from=2025-03-01&to=2025-12-31&by=month',
		)
		await page.getByText('The numbers as a table').click()
		const numbers = await cellsOf(
			page.getByRole('table', { name: 'Consumption in kWh by month' }),
		)
		assert.equal(numbers[0][0], form.month)
		assert.equal(numbers[0][1], form.amount)
		await screenshot(page, `locale-${locale}`)
		const day = await openIn(locale, '#/device/1?from=2025-12-31&to=2025-12-31')
		const plot = day.getByRole('slider')
		await plot.focus()
		await day.keyboard.press('Home')
		const said = await plot.getAttribute('aria-valuetext')
		assert.ok(
			said.startsWith(
				`${form.day}: ${form.shown.startsWith('12٫') ? '١٢٫٥' : form.shown}`,
			),
			said,
		)
		const fleet = await openIn(locale, '#/fleet')
		const [[, , share]] = await cellsOf(
			fleet.getByRole('table', { name: 'Largest consumers in kWh' }),
		)
		assert.match(withoutMarks(share), form.share)
		const long = await openIn(locale, '#/fleet?from=2020-01-01&to=2025-12-31&by=day')
		await long.getByText('The numbers as a table').click()
		assert.equal(
			withoutMarks(
				await long.getByRole('button', { name: /^Show all/ }).textContent(),
			),
			`Show all ${form.rows} rows`,
		)
	})

	test(`${locale}: amounts are typed as they are read, and none is misread`, async () => {
		await prepare()
		const page = await openIn(locale, '#/device/1', {
			token: await token({
				role: 'swm_writer',
				exp: Math.floor(Date.now() / 1000) + 3600,
			}),
		})
		await page.getByText('Single readings').click()
		const form = page.getByRole('form', { name: 'Enter a reading' })
		const enter = async (day, amount) => {
			await form.getByLabel('Day').fill(day)
			await form.getByLabel('Amount').fill(amount)
			await form.getByRole('button', { name: 'Enter the reading' }).click()
		}
		await enter('2025-01-31', LOCALES[locale].refused)
		await form.getByText(LOCALES[locale].refusal).waitFor()
		for (const [at, [typed, value]] of Object.entries(
			LOCALES[locale].typed,
		).entries()) {
			const day = `2025-01-0${at + 1}`
			const written = page.waitForResponse(
				(answer) => answer.request().method() === 'POST',
			)
			await enter(day, typed)
			assert.equal((await written).status(), 201)
			await settled(page)
			assert.equal(
				await sql(
					NAME,
					`SELECT amount FROM swm.consumption WHERE date = '${day}'`,
				),
				value,
			)
		}
		await page
			.getByRole('table', { name: 'Readings, newest first' })
			.getByRole('button')
			.first()
			.click()
		const correction = page.getByRole('form', { name: /^Correct the reading/ })
		assert.equal(
			await correction.getByLabel('Amount').inputValue(),
			LOCALES[locale].shown,
		)
		await correction.getByRole('button', { name: 'Correct', exact: true }).click()
		await correction.waitFor({ state: 'detached' })
		assert.equal(
			await sql(
				NAME,
				"SELECT amount FROM swm.consumption WHERE date = '2025-12-31'",
			),
			'12.5',
		)
	})
}
