// How long a reader waits for the first plot where there are a million readings. The times are
// printed; what is required of them is little, as the machine may be slow.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { browserTests, settled } from './support.mjs'

const { open, server, sql } = browserTests()
const NAME = 'million'
const TIMES = 5
const LONGEST = 5000

const VIEWS = {
	'a device, 90 days': '#/device/17',
	'a device, six years by day': '#/device/17?from=2020-01-01&to=2025-12-31&by=day',
	'three devices, six years by week':
		'#/device/17?from=2020-01-01&to=2025-12-31&by=week&with=2,44',
	'the fleet, a year by week': '#/fleet',
	'the fleet, six years by month': '#/fleet?from=2020-01-01&to=2025-12-31&by=month',
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

test('the first plot of a million readings is there soon', async () => {
	const { url } = await server(NAME, { database: 'million' })
	assert.ok(Number(await sql(NAME, 'SELECT count(*) FROM swm.consumption')) >= 1e6)
	for (const [view, route] of Object.entries(VIEWS)) {
		const times = []
		for (let i = 0; i < TIMES; i++) {
			const page = await open(url, route) // with a cache of its own
			await settled(page)
			times.push(
				await page.evaluate(
					() => performance.getEntriesByName('swm.plot')[0].startTime,
				),
			)
			await page.context().close()
		}
		console.log(`      ${view}: ${Math.round(median(times))} ms`)
		assert.ok(median(times) <= LONGEST, view)
	}
})
