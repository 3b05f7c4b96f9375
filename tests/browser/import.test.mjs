// Import of files: the preview, what is written and rejected, files that are none.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { accessible, browserTests, everyLook, screenshot, settled } from './support.mjs'

const { open, server, sql, token, control } = browserTests()
const NAME = 'sample'
const DEVICE = 910
const HEADER = 'date,device_id,amount,unit\n'

const writer = () => token({ role: 'swm_writer', exp: Math.floor(Date.now() / 1000) + 3600 })

async function openImport(route = '#/import', options = {}) {
	const { url } = await server(options.name ?? NAME)
	await sql(
		options.name ?? NAME,
		`INSERT INTO swm.devices VALUES (${DEVICE}, 'imported') ON CONFLICT DO NOTHING;
		 DELETE FROM swm.consumption WHERE device_id = ${DEVICE}`,
	)
	const page = await open(url, route, { token: await writer(), ...options })
	await settled(page)
	return page
}
const choose = (page, text, name = 'readings.csv') =>
	page.locator('input[type=file]').setInputFiles({
		name,
		mimeType: 'text/csv',
		buffer: Buffer.isBuffer(text) ? text : Buffer.from(text),
	})
async function downloaded(page, button) {
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: button }).click(),
	])
	return readFileSync(await file.path(), 'utf8')
}
const start = (page) => page.getByRole('button', { name: 'Import', exact: true }).click()
const dayOf = (i) => new Date(Date.UTC(1000, 0, 1 + i)).toISOString().slice(0, 10)
const count = async (name = NAME) =>
	Number(
		(
			await sql(
				name,
				`SELECT count(*) FROM swm.consumption WHERE device_id = ${DEVICE}`,
			)
		).trim(),
	)

test('the import in every look', async () => {
	const value = await writer()
	await everyLook(open, (await server(NAME)).url, 'import', '#/import', settled, {
		token: value,
	})
})

test('good rows are written, rejected ones listed by line and to be downloaded', async () => {
	const page = await openImport()
	await choose(
		page,
		`${HEADER}2025-01-01,${DEVICE},1.5,kWh\n\n2025-01-02,${DEVICE},x,kWh\n"2025-01-03",${DEVICE},"2\n",kWh\n2025-13-01,${DEVICE},3,kWh\n`,
	)
	await page.getByRole('table', { name: /The first rows/ }).waitFor()
	await screenshot(page, 'import-preview')
	await start(page)
	await page.locator('main').getByText('2 rows written, 2 rejected').waitFor()
	assert.equal(await count(), 2)
	const rejected = page.getByRole('table', { name: 'Rejected rows' })
	assert.deepEqual(await rejected.getByRole('rowheader').allTextContents(), ['4', '7'])
	await accessible(page, 'a finished import')
	assert.equal(
		await downloaded(page, 'Download the rejected rows'),
		`${HEADER}2025-01-02,${DEVICE},x,kWh\n2025-13-01,${DEVICE},3,kWh\n`,
	)
	assert.equal(
		await downloaded(page, 'Download lines and reasons'),
		`line,reason
4,"invalid input syntax for type numeric: ""x"" (22P02)"
7,"date/time field value out of range: ""2025-13-01"" (22008)"
`,
	)
})

test('all or nothing: a wrong row keeps everything out and is named', async () => {
	const page = await openImport('#/import', { allow: ['400'] })
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n2025-01-02,${DEVICE},x,kWh\n`)
	await page.getByLabel('Write nothing at all').check()
	await start(page)
	await page.getByText('Nothing was written.').waitFor()
	await page.getByText('Line 3').waitFor()
	assert.equal(await count(), 0)
})

test('a reading that is there: wrong, replaced or left, as chosen', async () => {
	const page = await openImport()
	await sql(
		NAME,
		`INSERT INTO swm.consumption (date, device_id, amount, unit)
		 VALUES ('2025-01-01', ${DEVICE}, 9, 'kWh')`,
	)
	const amount = async () =>
		(
			await sql(
				NAME,
				`SELECT amount FROM swm.consumption WHERE device_id = ${DEVICE}`,
			)
		).trim()
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n`)
	await start(page)
	await page.locator('main').getByText('0 rows written, 1 rejected').waitFor()
	await page.getByLabel('Leave what is there').check()
	await start(page)
	const left = page.locator('main').getByText('0 rows written, 0 rejected, 1 left as before')
	await left.waitFor()
	await choose(page, `${HEADER}2025-01-01,${DEVICE},2,kWh\n`, 'again.csv')
	await page.getByRole('table', { name: 'The first rows of again.csv' }).waitFor()
	await page.getByLabel('Write nothing at all').check()
	await page.getByLabel('Leave what is there').check()
	await start(page)
	await left.waitFor()
	assert.equal(await amount(), '9')
	await page.getByLabel('Write the others').check()
	await page.getByLabel('Replace what is there').check()
	await start(page)
	await page.locator('main').getByText('1 row written, 0 rejected').waitFor()
	assert.equal(await amount(), '2')
})

test('many rows go in several requests, and every rejected one is named with its line', async () => {
	const page = await openImport('#/import', { allow: ['400'] })
	// a long block of wrong rows, and others here and there; a row of two lines before all of them
	const isWrong = (i) => (i >= 20000 && i < 23000) || i % 997 === 50
	const rows = Array.from({ length: 60000 }, (_, i) =>
		isWrong(i)
			? `x${i},${DEVICE},1,kWh`
			: `${dayOf(i)},${DEVICE},"1${i ? '' : '\n'}",kWh`,
	)
	const wrong = rows.flatMap((row, i) => (isWrong(i) ? [{ row, line: i + 3 }] : []))
	await choose(page, `${HEADER}${rows.join('\r\n')}`)
	await start(page)
	const [written, rejected] = [60000 - wrong.length, wrong.length].map((number) =>
		number.toLocaleString('en-GB'),
	)
	await page
		.locator('main')
		.getByText(`${written} rows written, ${rejected} rejected`)
		.waitFor({ timeout: 180000 })
	assert.equal(await count(), 60000 - wrong.length)
	const first = page
		.getByRole('table', { name: 'Rejected rows' })
		.getByRole('rowheader')
		.first()
	assert.equal(await first.textContent(), String(wrong[0].line))
	await page.getByText(`And ${(wrong.length - 100).toLocaleString('en-GB')} more`).waitFor()
	assert.equal(
		await downloaded(page, 'Download the rejected rows'),
		HEADER + wrong.map(({ row }) => `${row}\r\n`).join(''),
	)
	const told = (await downloaded(page, 'Download lines and reasons')).trimEnd().split('\n')
	assert.deepEqual(
		told.slice(1).map((line) => /^(\d+),.*(x\d+)/.exec(line)?.slice(1)),
		wrong.map(({ row, line }) => [String(line), row.split(',')[0]]),
	)
})

test('wrong rows are mended in the file that is downloaded, which is imported then', async () => {
	const page = await openImport()
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n2025-01-02,${DEVICE},x,kWh\n`)
	await start(page)
	await page.locator('main').getByText('1 row written, 1 rejected').waitFor()
	const rest = await downloaded(page, 'Download the rejected rows')
	await choose(page, rest.replace(',x,', ',2,'))
	await page.getByRole('cell', { name: '2025-01-02' }).waitFor()
	await start(page)
	await page.locator('main').getByText('1 row written, 0 rejected').waitFor()
	assert.equal(await count(), 2)
})

// 100 MB of rows of 500 bytes, made in a file: their number.
function hundredMegabytes(file) {
	const out = openSync(file, 'w')
	const zeros = '0'.repeat(480) // any number of them may stand before an amount
	let [rows, size] = [0, writeSync(out, HEADER)]
	while (size < 100e6) {
		const part = Array.from(
			{ length: 2000 },
			(_, i) => `${dayOf(rows + i)},${DEVICE},${zeros}1,kWh\n`,
		)
		size += writeSync(out, part.join(''))
		rows += part.length
	}
	closeSync(out)
	return rows
}

test('a file of 100 MB is written, in parts and as a whole, and the page stays usable', async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'swm-import-'))
	const file = path.join(folder, 'large.csv')
	const rows = hundredMegabytes(file)
	const page = await openImport()
	for (const way of ['Write the others', 'Write nothing at all']) {
		await sql(NAME, `DELETE FROM swm.consumption WHERE device_id = ${DEVICE}`)
		await page.locator('input[type=file]').setInputFiles(file)
		await page.getByRole('table', { name: 'The first rows of large.csv' }).waitFor()
		await page.getByLabel(way).check()
		await start(page)
		await page.getByRole('progressbar', { name: 'Sent of the file' }).waitFor()
		await page.getByLabel('Theme').selectOption('dark') // at once, while it is sent
		await page
			.locator('main')
			.getByText(`${rows.toLocaleString('en-GB')} rows written, 0 rejected`)
			.waitFor({ timeout: 180000 })
		assert.equal(await count(), rows)
	}
	await sql(NAME, `DELETE FROM swm.consumption WHERE device_id = ${DEVICE}`)
	rmSync(folder, { recursive: true })
})

test('rows of the wrong shape are rejected by their line, a quote that stays open too', async () => {
	const page = await openImport()
	await choose(
		page,
		`${HEADER}2025-01-01,${DEVICE},1,kWh\n2025-01-02,${DEVICE}\n2025-01-03,${DEVICE},1,kWh,5\n2025-01-04,${DEVICE},1,"kWh\n2025-01-05,${DEVICE},1,kWh\n`,
	)
	await start(page)
	await page.locator('main').getByText('1 row written, 3 rejected').waitFor()
	const rejected = page.getByRole('table', { name: 'Rejected rows' })
	assert.deepEqual(await rejected.getByRole('rowheader').allTextContents(), ['3', '4', '5'])
	await rejected.getByText('quote').waitFor()
	assert.equal(await count(), 1)
})

test('files of the wrong shape say what is wrong, and the next one works', async () => {
	const page = await openImport()
	const wrong = [
		['', 'The file is empty'],
		[Buffer.from([0xff, 0xfe, 0x41, 0]), 'UTF-16'],
		[Buffer.from('date,device_id\n2025-01-01,\xe4\n', 'latin1'), 'Line 2 is not UTF-8'],
		[Buffer.from('date\0,x\n'), 'zero byte'],
		['date;device_id;amount;unit\n1;2;3;4\n', 'not separated by commas'],
		['date,amount,colour\n1,2,3\n', 'no column “colour”'],
		['date,date\n1,2\n', 'names date twice'],
	]
	for (const [text, words] of wrong) {
		await choose(page, text)
		await page.locator('.problem').getByText(words).waitFor()
	}
	await accessible(page, 'a file that cannot be imported')
	await choose(page, `\ufeff${HEADER}2025-01-01,${DEVICE},1,kWh`)
	await page.getByRole('table', { name: /The first rows/ }).waitFor()
	await start(page)
	await page.locator('main').getByText('1 row written, 0 rejected').waitFor()
})

test('a file that is not UTF-8 far down stops there and says how far it came', async () => {
	const page = await openImport()
	const lines = Array.from({ length: 20000 }, (_, i) => {
		const day = new Date(Date.UTC(1900, 0, 1 + i)).toISOString().slice(0, 10)
		return `${day},${DEVICE},${'0'.repeat(40)}1,kWh\n`
	})
	const text = Buffer.concat([
		Buffer.from(HEADER + lines.join('')),
		Buffer.from(`2025-01-01,${DEVICE},1,\xe4\n`, 'latin1'),
	])
	await choose(page, text)
	await page.getByRole('table', { name: /The first rows/ }).waitFor()
	await start(page)
	await page.locator('.problem').getByText('Line 20002 is not UTF-8').waitFor()
	await page
		.locator('main')
		.getByText(/all lines up to/)
		.waitFor()
	assert.ok((await count()) > 0)
})

test('the server goes away in the middle: it tries again, and each row is there once', async () => {
	const name = 'import-cut'
	await server(name, { database: 'empty' })
	const page = await openImport('#/import', { name, allow: ['503', '502'] })
	await control('stop_fcgi', { name })
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n2025-01-02,${DEVICE},2,kWh\n`)
	await page.getByRole('table', { name: /The first rows/ }).waitFor()
	await start(page)
	await page.getByText('Tries again in').waitFor()
	await control('start_fcgi', { name })
	await page
		.locator('main')
		.getByText('2 rows written, 0 rejected')
		.waitFor({ timeout: 30000 })
	assert.equal(await count(name), 2)
})

// The server is asked, and its answer never comes back.
const loseAnswers = (page) =>
	page.route('**/consumption*', async (route) => {
		await route.fetch()
		await route.abort('connectionreset')
	})
const NOT_KNOWN = /was written is not known/

test('a lost answer of the whole file: it does not say that nothing was written', async () => {
	const page = await openImport('#/import', { allow: ['ERR_CONNECTION_RESET'] })
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n`)
	await page.getByLabel('Write nothing at all').check()
	await loseAnswers(page)
	await start(page)
	await page.locator('.problem').getByText(NOT_KNOWN).waitFor()
	assert.equal(await page.getByText('Nothing was written.').count(), 0)
	assert.equal(await count(), 1)
})

test('503 of an unknown outcome: without a key it is not sent again', async () => {
	const name = 'import-unknown'
	await server(name, { database: 'empty', settings: { db_idempotency_table: null } })
	// a connection that ends while it commits
	await sql(
		name,
		`CREATE SEQUENCE swm_private.attempts;
		 CREATE FUNCTION swm_private.die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
		 BEGIN
			PERFORM nextval('swm_private.attempts'), pg_terminate_backend(pg_backend_pid());
			RETURN NULL;
		 END $$;
		 CREATE CONSTRAINT TRIGGER die AFTER INSERT ON swm.consumption
			DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION swm_private.die()`,
	)
	const page = await openImport('#/import', { name, allow: ['503', '400'] })
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n`)
	await start(page)
	await page.locator('.problem').getByText(NOT_KNOWN).waitFor()
	await page.locator('.problem').getByText('SWM001').waitFor()
	assert.equal((await sql(name, 'SELECT last_value FROM swm_private.attempts')).trim(), '1')
})

test('who may not write is told so', async () => {
	const { url } = await server(NAME)
	const page = await open(url, '#/import')
	await page.getByText('You may not write into any table').waitFor()
	await page.locator('main').getByRole('link', { name: 'Sign in' }).waitFor()
	const reader = await open(url, '#/import', {
		token: await token({
			role: 'swm_reader',
			exp: Math.floor(Date.now() / 1000) + 3600,
		}),
	})
	await reader.getByText('You may not write into any table').waitFor()
})

test('a token that expires meanwhile stops the import, which says what is written', async () => {
	const { url } = await server(NAME)
	const page = await openImport('#/import', { allow: ['401'] })
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n`)
	await page.getByRole('table', { name: /The first rows/ }).waitFor()
	const expired = await token({ role: 'swm_writer', exp: 1000 })
	await page.evaluate(
		async ([root, value]) => {
			// as if its time had passed: nothing of the page hears of it
			const { session, setToken } = await import(
				new URL('ui/js/session.js', root)
			)
			session.dispatchEvent = () => true
			setToken(value)
		},
		[url, expired],
	)
	await start(page)
	await page.getByText('The import stopped').waitFor()
	await page.locator('.problem').getByText('PGRST303').waitFor()
	await page.getByText('Nothing was written.').waitFor()
	await page.getByRole('table', { name: /The first rows/ }).waitFor() // the file is still chosen
	assert.equal(await count(), 0)
})

test('who leaves while it works is asked first; what was written by then stays', async () => {
	const page = await openImport()
	const answers = []
	let answer = 'dismiss'
	page.on('dialog', async (dialog) => {
		answers.push(dialog.message())
		await dialog[answer]()
	})
	await control('hold', { name: NAME, sql: 'LOCK TABLE swm.consumption' })
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n`)
	await page.getByRole('table', { name: /The first rows/ }).waitFor()
	await start(page)
	await page.getByRole('button', { name: 'Stop' }).waitFor()
	await page.getByRole('link', { name: 'Fleet' }).click()
	await page.goBack()
	await page.getByLabel('Into the table').selectOption('devices')
	await choose(page, `${HEADER}2025-01-02,${DEVICE},1,kWh\n`, 'other.csv')
	await page.getByRole('button', { name: 'Stop' }).waitFor() // it is still at work
	assert.equal(await page.getByLabel('Into the table').inputValue(), 'consumption')
	assert.match(page.url(), /#\/import/)
	assert.deepEqual(new Set(answers), new Set(['The import is not finished. Stop it?']))
	assert.equal(answers.length, 4)
	answer = 'accept'
	await page.getByLabel('Into the table').selectOption('devices')
	await page.getByText('The table has no column').waitFor()
	assert.equal(await page.getByRole('button', { name: 'Stop' }).count(), 0)
	await control('release', { name: NAME })
	await page.getByRole('link', { name: 'Fleet' }).click() // nothing is asked any more
	await page.getByRole('heading', { name: 'Fleet' }).waitFor()
	assert.equal(answers.length, 5)
})

test('an import is stopped by its button, and says that the outcome of a part is open', async () => {
	const page = await openImport()
	await control('hold', { name: NAME, sql: 'LOCK TABLE swm.consumption' })
	await choose(page, `${HEADER}2025-01-01,${DEVICE},1,kWh\n`)
	await page.getByRole('table', { name: /The first rows/ }).waitFor()
	await start(page)
	await page.getByRole('button', { name: 'Stop' }).focus()
	await page.keyboard.press('Enter')
	await page.getByText('Stopped', { exact: true }).waitFor()
	await page.getByText('look at the table before you send it again').waitFor()
	await control('release', { name: NAME })
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Import')
})
