// One line a test, what failed in full, and the counts that ./run-tests reads.
import path from 'node:path'

const isSuite = (data) => data.details?.type === 'suite' || data.name.endsWith('.test.mjs')

export default async function* report(events) {
	let passed = 0
	let failed = 0
	let skipped = 0
	for await (const { type, data } of events) {
		const file = path.basename(data?.file ?? '', '.test.mjs')
		if (type === 'test:pass' && !isSuite(data)) {
			const off = data.skip !== undefined
			yield `${off ? 'skip' : 'ok  '}  ${file}: ${data.name}${off ? ` (${data.skip})` : ` (${Math.round(data.details.duration_ms)} ms)`}\n`
			off ? skipped++ : passed++
		} else if (
			type === 'test:fail' &&
			!(isSuite(data) && data.details.error?.failureType === 'subtestsFailed')
		) {
			failed++
			const cause = data.details.error?.cause ?? data.details.error
			yield `FAIL  ${file}: ${data.name}\n${String(cause?.stack ?? cause).replace(/^/gm, '      ')}\n`
		} else if (type === 'test:stdout' || type === 'test:stderr') {
			yield data.message
		}
	}
	yield `${passed} passed, ${failed} failed, ${skipped} skipped\n`
}
