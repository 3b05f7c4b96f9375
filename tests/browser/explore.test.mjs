// A schema that is not ours: its tables, and their rows filtered, sorted, in pages, as CSV.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { accessible, browserTests, everyLook, settled } from './support.mjs'

const { open, server, sql } = browserTests()
const NAME = 'foreign'
const start = () => server(NAME, { database: 'foreign' })

test('without devices the page opens with the tables that there are', async () => {
	const page = await open((await start()).url, '', { allow: ['404'] })
	await page.getByRole('heading', { name: 'Tables' }).waitFor()
	await page.getByText('A small library').waitFor()
	await page.getByRole('link', { name: 'Devices' }).waitFor({ state: 'hidden' })
	await page.getByRole('link', { name: 'authors' }).waitFor()
	await page.getByRole('link', { name: 'books' }).click()
	await page.getByRole('table', { name: '2 rows' }).waitFor()
})

test('tables and rows in every look', async () => {
	const { url } = await start()
	await everyLook(open, url, 'tables', '#/explore')
	await everyLook(open, url, 'rows', '#/explore/books')
})

test('rows are filtered and sorted by a link that holds it all', async () => {
	const { url } = await start()
	const page = await open(url, '#/explore/books')
	await settled(page)
	const filter = page.getByRole('form', { name: 'Filter' })
	await filter.getByLabel('Column').selectOption('title')
	await filter.getByLabel('Condition').selectOption('ilike')
	await filter.getByLabel('Value').fill('sec')
	await filter.getByRole('button', { name: 'Add filter' }).click()
	await page.getByRole('table', { name: '1 row' }).waitFor()
	await accessible(page, 'filtered rows')
	const again = await open(url, new URL(page.url()).hash)
	await again.getByRole('table', { name: '1 row' }).waitFor()
	await again.getByRole('button', { name: 'Remove the filter title has in it sec' }).click()
	await again.getByRole('table', { name: '2 rows' }).waitFor()
	await again.getByRole('button', { name: 'title' }).click()
	await settled(again)
	await again.getByRole('button', { name: 'title' }).click()
	await again.locator('th[aria-sort=descending]').waitFor()
	await settled(again)
	assert.match((await again.locator('tbody tr').first().textContent()) ?? '', /Second/)
})

test('text is text, null is null, and numbers keep their digits', async () => {
	const { url } = await start()
	await sql(
		NAME,
		"INSERT INTO library.books VALUES (3, '<i>x</i>', 2, 1234567890.123456789012) ON CONFLICT DO NOTHING",
	)
	const page = await open(url, '#/explore/books?where=id%3Deq.3')
	await page.getByRole('cell', { name: '<i>x</i>' }).waitFor()
	await page.getByRole('cell', { name: '1234567890.123456789012' }).waitFor()
	await page.getByRole('cell', { name: 'null' }).first().waitFor()
	await sql(NAME, 'DELETE FROM library.books WHERE id = 3')
})

test('pages follow each other, and the whole is downloaded', async () => {
	const { url } = await start()
	await sql(
		NAME,
		"INSERT INTO library.authors SELECT i, 'author ' || i FROM generate_series(1000, 1119) AS i ON CONFLICT DO NOTHING",
	)
	const page = await open(url, '#/explore/authors?where=id%3Dgte.1000')
	const ids = async () => page.locator('tbody tr td:first-child').allTextContents()
	await settled(page)
	const seen = await ids()
	for (let i = 0; i < 2; i++) {
		await page.getByRole('button', { name: 'Next page' }).click()
		await page.getByRole('cell', { name: String(1050 + 50 * i), exact: true }).waitFor()
		seen.push(...(await ids()))
	}
	assert.deepEqual(
		seen,
		Array.from({ length: 120 }, (_, i) => String(1000 + i)),
	)
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: 'Download all as CSV' }).click(),
	])
	assert.equal(
		readFileSync(await file.path(), 'utf8')
			.trim()
			.split('\n').length,
		121,
	)
	await sql(NAME, 'DELETE FROM library.authors WHERE id >= 1000')
})

test('a table that is not there, and a filter that the database refuses', async () => {
	const { url } = await start()
	const missing = await open(url, '#/explore/nothing')
	await missing.getByText('There is no table “nothing”').waitFor()
	const page = await open(url, '#/explore/books?where=id%3Deq.x', { allow: ['400'] })
	await page.locator('.problem').getByText('22P02').waitFor()
})

test('a text that is searched for stands for itself; nulls are found; conditions go again', async () => {
	const { url } = await start()
	await sql(NAME, "INSERT INTO library.authors VALUES (11, '50% off'), (12, '500 off')")
	const page = await open(url, '#/explore/authors')
	await settled(page)
	const filter = page.getByRole('form', { name: 'Filter' })
	const add = async (column, condition, value) => {
		await filter.getByLabel('Column').selectOption(column)
		await filter.getByLabel('Condition').selectOption({ value: condition })
		if (value === undefined) assert.ok(await filter.getByLabel('Value').isDisabled())
		else await filter.getByLabel('Value').fill(value)
		await filter.getByRole('button', { name: 'Add filter' }).click()
		await settled(page)
	}
	await add('name', 'ilike', '50% O')
	await page.getByRole('table', { name: '1 row' }).waitFor()
	await page.getByText('name has in it 50% O').waitFor()
	await add('id', 'gte', '12')
	await page.getByText('Nothing meets these filters.').waitFor()
	await page.getByRole('button', { name: 'Remove the filter name has in it 50% O' }).click()
	await page.getByRole('cell', { name: '500 off' }).waitFor()
	await sql(NAME, 'DELETE FROM library.authors WHERE id IN (11, 12)')
	await page.goto(new URL('ui/#/explore/books', url).href)
	await settled(page)
	await add('published', 'is')
	await page.getByRole('cell', { name: 'Second' }).waitFor()
	assert.equal(await page.getByRole('cell', { name: 'First', exact: true }).count(), 0)
	await page.getByRole('button', { name: 'Remove the filter published is null' }).click()
	await settled(page)
	await add('published', 'not')
	await page.getByRole('cell', { name: 'First', exact: true }).waitFor()
	assert.equal(await page.getByRole('cell', { name: 'Second' }).count(), 0)
})
