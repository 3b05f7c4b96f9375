// What each view shows when there is nothing, while it loads, when it may not or could not, and when
// the database goes away and comes back.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { accessible, browserTests, everyLook, screenshot, settled } from './support.mjs'

const { open, server, sql, token, control } = browserTests()
const as = (role, claims = {}) =>
	token({ role, exp: Math.floor(Date.now() / 1000) + 3600, ...claims })

async function openView(name, route, options = {}) {
	const page = await open((await server(name)).url, route, options)
	await page.locator('h1').waitFor()
	return page
}
const main = (page) => page.locator('main')

// --- nothing there ---

const EMPTY = {
	devices: ['#/devices', 'There are no devices yet'],
	device: ['#/device/1', 'There is no device 1'],
	fleet: ['#/fleet', 'There are no readings yet'],
	rows: ['#/explore/devices', 'No rows'],
}
for (const [view, [route, text]] of Object.entries(EMPTY))
	test(`${view}: nothing there, in every look`, async () => {
		const { url } = await server('nothing', { database: 'empty' })
		await everyLook(open, url, `empty-${view}`, route, async (page) => {
			await settled(page)
			await main(page).getByText(text, { exact: true }).waitFor()
		})
	})

test('a device without readings says so, and takes the first one', async () => {
	await server('first', { database: 'empty' })
	await sql('first', "INSERT INTO swm.devices VALUES (1, 'new')")
	const list = await openView('first', '#/devices')
	await list.getByRole('cell', { name: 'no readings' }).waitFor()
	const page = await openView('first', '#/device/1', { token: await as('swm_writer') })
	await main(page).getByText('There are no readings yet').waitFor()
	await page.getByText('Single readings').click()
	await main(page).getByText('There are no readings of this device yet').waitFor()
	const form = page.getByRole('form', { name: 'Enter a reading' })
	await form.getByLabel('Amount').fill('1.5')
	await form.getByRole('button', { name: 'Enter the reading' }).click()
	await page.getByRole('table', { name: 'Totals in kWh' }).waitFor()
	await settled(page)
	await accessible(page, 'a first reading')
})

// --- loading ---

const LOADING = {
	devices: ['#/devices', '[aria-label="Pages"]'],
	device: ['#/device/17', '.plot'],
	fleet: ['#/fleet', '.plot'],
	rows: ['#/explore/devices', 'table'],
}
test('while the database is slow each view has its title and shows that it loads', async () => {
	await server('slow')
	await openView('slow', '#/devices') // its tables are known
	await control('hold', { name: 'slow', sql: 'LOCK TABLE swm.devices, swm.consumption' })
	const pages = []
	for (const [view, [route]] of Object.entries(LOADING)) {
		const page = await openView('slow', route)
		await main(page).locator('[aria-busy=true] .skeleton').waitFor()
		await screenshot(page, `loading-${view}`)
		await accessible(page, `${view} while it loads`)
		pages.push(page)
	}
	await control('release', { name: 'slow' })
	for (const [at, [, [, selector]]] of Object.entries(LOADING).entries()) {
		await main(pages[at]).locator(selector).first().waitFor()
		await settled(pages[at])
		assert.equal(await pages[at].locator('.skeleton').count(), 0)
	}
})

test('what is shown stays while the next is asked for; only the last question counts', async () => {
	await server('slow')
	const page = await openView('slow', '#/fleet')
	await settled(page)
	await control('hold', { name: 'slow', sql: 'LOCK TABLE swm.consumption' })
	await page.getByRole('button', { name: '30 days' }).click()
	await page.getByRole('button', { name: '90 days' }).click()
	await main(page).locator('.region[aria-busy=true] .plot').first().waitFor()
	await control('release', { name: 'slow' })
	await settled(page)
	const place = page.getByRole('region', { name: 'The fleet in kWh' })
	await place.getByText('4,320').waitFor() // 48 devices on 90 days
})

// --- what fails ---

test('an error of the database is told in its own words, and can be tried again', async () => {
	const name = 'failing'
	await server(name)
	await sql(
		name,
		`CREATE FUNCTION swm.unlucky() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
		 BEGIN
		 	RAISE SQLSTATE 'PT500' USING MESSAGE = 'out of <b>luck</b>', HINT = 'Come back later.';
		 END $$;
		 ALTER POLICY all_rows ON swm.consumption USING (swm.unlucky())`,
	)
	const { url } = await server(name)
	for (const [view, route] of Object.entries({ fleet: '#/fleet', device: '#/device/17' }))
		await everyLook(
			open,
			url,
			`error-${view}`,
			route,
			async (page) => {
				await page.getByText('That did not work').waitFor()
				await page.getByText('out of <b>luck</b>').waitFor()
				await page.getByText('Come back later.').waitFor()
			},
			{ allow: ['500'] },
		)
	const list = await openView(name, '#/devices', { allow: ['500'] })
	await list.getByRole('cell', { name: 'out of <b>luck</b>' }).first().waitFor()
	await list.getByRole('link', { name: 'kettle' }).waitFor() // the list is of use all the same
	const page = await openView(name, '#/fleet', { allow: ['500'] })
	await page.getByText('That did not work').waitFor()
	await sql(name, 'ALTER POLICY all_rows ON swm.consumption USING (true)')
	await page.getByRole('button', { name: 'Try again' }).click()
	await page.getByRole('region', { name: 'The fleet in kWh' }).waitFor()
})

test('a server without our functions says what is missing, and leads to what it has', async () => {
	const { url } = await server('foreign', { database: 'foreign' })
	for (const route of ['#/fleet', '#/device/1', '#/devices']) {
		const page = await open(url, route, { allow: ['404'] })
		await page.getByText('This server does not have what the view shows').waitFor()
		await accessible(page, `${route} where it is missing`)
		await page.getByRole('link', { name: 'See what it has' }).click()
		await page.getByRole('heading', { name: 'Tables' }).waitFor()
	}
})

// --- no permission ---

const CLOSED = {
	devices: '#/devices',
	device: '#/device/17',
	fleet: '#/fleet',
	'add-device': '#/add-device',
}
test('who may not see a view is told so in every look, and comes back to it by signing in', async () => {
	const name = 'closed'
	const { url } = await server(name)
	await sql(
		name,
		`REVOKE SELECT ON swm.devices, swm.consumption FROM swm_anon;
		 NOTIFY pgrst, 'reload schema'`,
	)
	const allow = ['401', '403', '404']
	for (const [view, route] of Object.entries(CLOSED))
		await everyLook(
			open,
			url,
			`forbidden-${view}`,
			route,
			(page) =>
				main(page)
					.locator('.problem')
					.getByRole('link', { name: 'Sign in' })
					.waitFor(),
			{ allow },
		)
	const page = await open(url, '#/device/17?by=week', { allow })
	await main(page).getByRole('link', { name: 'Sign in' }).click()
	await page.getByLabel('Token', { exact: true }).fill(await as('swm_reader'))
	await page.getByRole('button', { name: 'Use this token' }).click()
	await page.getByRole('heading', { name: 'heat-pump' }).waitFor()
	assert.equal(new URL(page.url()).hash, '#/device/17?by=week')
	await settled(page)
	await page.getByRole('button', { name: 'Sign out' }).click()
	await main(page).getByText('You need to sign in for this').waitFor()
})

test('a token of a role that may not see the fleet is told so', async () => {
	const { url } = await server('still')
	const device = await as('swm_device', { device_id: 17 })
	for (const route of ['#/devices', '#/device/17', '#/fleet']) {
		const page = await open(url, route, { token: device, allow: ['403', '404'] })
		await main(page).getByText('You may not see this').waitFor()
		await main(page).getByRole('link', { name: 'Sign in' }).waitFor()
	}
	const page = await open(url, '#/devices', {
		token: await as('nobody_knows_it'),
		allow: ['401', '403', '400'],
	})
	await main(page).locator('.problem').getByText('nobody_knows_it').waitFor()
	await page.getByRole('button', { name: 'Sign out' }).click()
	await page.getByRole('link', { name: 'kettle' }).waitFor()
})

// --- the database stops in the middle ---

const OFFLINE = 'offline'
const startOffline = () => server(OFFLINE, { own_cluster: true })
const away = (page) => main(page).getByText('The server is not available just now').first()

// A page that was opened in peace, what is done there without a database, and what is there after.
const INTERRUPTED = {
	devices: {
		route: '#/devices',
		act: (page) => page.getByRole('button', { name: 'Next' }).click(),
		after: (page) => page.getByRole('link', { name: 'laptop-dock' }),
	},
	device: {
		route: '#/device/17',
		act: (page) => page.getByRole('button', { name: '1 year' }).click(),
		after: (page) =>
			page.getByRole('table', { name: 'Totals in kWh' }).getByText('365'),
	},
	fleet: {
		route: '#/fleet',
		act: (page) => page.getByRole('radio', { name: 'month' }).check(),
		after: (page) => page.getByText('Mean of a month').first(),
	},
	rows: {
		route: '#/explore/devices',
		act: (page) => page.getByRole('button', { name: 'Next page' }).click(),
		after: (page) => page.getByRole('cell', { name: 'rain-cistern' }),
	},
}

test('the database stops in the middle: each view says so and goes on by itself', async () => {
	const { url } = await startOffline()
	const allow = ['503']
	const views = []
	for (const [view, it] of Object.entries(INTERRUPTED)) {
		const page = await open(url, it.route, { allow })
		await settled(page)
		const answers = []
		page.on('response', (response) => answers.push(response))
		views.push({ view, page, answers, ...it })
	}
	await control('stop_database', { name: OFFLINE })
	for (const { view, page, act } of views) {
		await act(page)
		await away(page).waitFor()
		await main(page).getByText('Tries again by itself in').waitFor()
		await screenshot(page, `offline-${view}-in-the-middle`)
	}
	await everyLook(open, url, 'offline-devices', '#/devices', (page) => away(page).waitFor(), {
		allow,
	})
	await control('start_database', { name: OFFLINE })
	for (const { view, page, after, answers } of views) {
		await after(page).waitFor({ timeout: 70000 })
		await settled(page)
		assert.equal(await page.locator('.problem').count(), 0, view)
		await isPatient(answers, view)
	}
})

const TICKS = 50 // by which two clocks may differ, in milliseconds

// Nothing was asked before the time that the answer to the same question named.
async function isPatient(answers, view) {
	const refused = answers.filter((answer) => answer.status() === 503)
	assert.ok(refused.length > 0, view)
	for (const answer of refused) {
		const seconds = await answer.headerValue('retry-after')
		assert.match(seconds ?? '', /^\d+$/, `${view}: Retry-After`)
		const { startTime, responseStart } = answer.request().timing()
		const next = answers
			.slice(answers.indexOf(answer) + 1)
			.find((one) => one.url() === answer.url())
		const waited = next && next.request().timing().startTime - startTime - responseStart
		const early = TICKS + waited < Number(seconds) * 1000
		assert.ok(!early, `${view}: asked again after ${waited} ms, not ${seconds} s`)
	}
}

test('views that are opened while the database is away fill themselves when it is back', async () => {
	const { url } = await startOffline()
	await control('stop_database', { name: OFFLINE })
	const wanted = {
		'#/devices': (page) => page.getByRole('link', { name: 'air-conditioner' }),
		'#/device/17?with=44': (page) => page.getByRole('table', { name: 'Totals in kWh' }),
		'#/fleet': (page) => page.getByRole('region', { name: 'The fleet in l' }),
		'#/explore': (page) => page.getByRole('link', { name: 'consumption' }),
		'#/add-device': (page) => page.getByText('Your role may not add devices.'),
		'#/import': (page) => page.getByText('You may not write into any table'),
	}
	const pages = []
	for (const route of Object.keys(wanted)) {
		const page = await open(url, route, { allow: ['503'] })
		await page.locator('h1').waitFor()
		pages.push(page)
	}
	await away(pages[0]).waitFor()
	await away(pages[2]).waitFor()
	await control('start_database', { name: OFFLINE })
	for (const [at, find] of Object.values(wanted).entries())
		await find(pages[at]).waitFor({ timeout: 70000 })
})

test('what was typed is kept when the database is away, and is written when it is back', async () => {
	const { url } = await startOffline()
	await sql(
		OFFLINE,
		"DELETE FROM swm.consumption WHERE device_id = 17 AND date > '2025-12-31'",
	)
	const page = await open(url, '#/device/17', {
		token: await as('swm_writer'),
		allow: ['503'],
	})
	await settled(page)
	await page.getByText('Single readings').click()
	const form = page.getByRole('form', { name: 'Enter a reading' })
	await form.getByLabel('Day').fill('2026-01-05')
	await form.getByLabel('Amount').fill('7.25')
	await control('stop_database', { name: OFFLINE })
	await form.getByRole('button', { name: 'Enter the reading' }).click()
	await form.getByText(/Try again in \d+ second/).waitFor()
	await accessible(page, 'a form without a database')
	assert.equal(await form.getByLabel('Amount').inputValue(), '7.25')
	await page.getByRole('button', { name: 'Download as CSV' }).click()
	await page.locator('.download-problem').getByText('Tries again by itself').waitFor()
	const download = page.waitForEvent('download', { timeout: 70000 })
	await control('start_database', { name: OFFLINE })
	await download // by itself
	await form.getByRole('button', { name: 'Enter the reading' }).click()
	await page.getByRole('rowheader', { name: '5 Jan 2026' }).waitFor()
	assert.equal(
		await sql(
			OFFLINE,
			"SELECT count(*) FROM swm.consumption WHERE device_id = 17 AND date = '2026-01-05'",
		),
		'1',
	)
})

test('the database stops while the consumption of a list is asked for: that comes by itself', async () => {
	const { url } = await startOffline()
	const page = await open(url, '#/devices', { allow: ['503'] })
	await settled(page)
	await control('hold', { name: OFFLINE, sql: 'LOCK TABLE swm.consumption' })
	await page.getByRole('button', { name: 'Number', exact: true }).click()
	await page.getByRole('link', { name: 'kettle', exact: true }).waitFor()
	await page.locator('td[aria-busy=true]').first().waitFor()
	await control('stop_database', { name: OFFLINE })
	await page.locator('td[aria-busy=false]').first().waitFor()
	await control('release', { name: OFFLINE })
	await page.getByRole('link', { name: 'kettle', exact: true }).waitFor() // the list stays
	await control('start_database', { name: OFFLINE })
	await page.locator('.recent-amount').first().waitFor({ timeout: 70000 })
})

// --- no network ---

test('without a network the page says so, and goes on as soon as there is one', async () => {
	const { url } = await server('still')
	const page = await open(url, '#/devices', { allow: ['ERR_INTERNET_DISCONNECTED'] })
	await settled(page)
	await page.context().setOffline(true)
	await page.getByRole('button', { name: 'Next' }).click()
	await main(page).getByText('No connection').waitFor()
	await screenshot(page, 'no-network')
	await accessible(page, 'no network')
	await page.context().setOffline(false)
	await page.getByRole('link', { name: 'laptop-dock' }).waitFor()
})

test('a view whose program was not loaded yet waits for the network too', async () => {
	const { url } = await server('still')
	const page = await open(url, '#/devices', { allow: ['ERR_INTERNET_DISCONNECTED'] })
	await settled(page)
	await page.context().setOffline(true)
	await page.getByRole('link', { name: 'Fleet' }).click()
	await main(page).getByText('No connection').waitFor()
	await page.context().setOffline(false)
	await page.getByRole('region', { name: 'The fleet in kWh' }).waitFor()
	await settled(page)
})
