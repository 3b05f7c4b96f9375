// The methods of @supabase/postgrest-js against swm; what each is to do stands in its documentation.
// BASE_URL: swm; LACKING_URL: a swm without a schema, which answers 503; CLOSED_URL: nobody listens.
import assert from 'node:assert/strict'
import { test, describe } from 'node:test'
import { PostgrestClient, PostgrestError } from '@supabase/postgrest-js'

const { BASE_URL, LACKING_URL, CLOSED_URL, TOKEN } = process.env
const client = new PostgrestClient(BASE_URL)
const reader = new PostgrestClient(BASE_URL, { headers: { Authorization: `Bearer ${TOKEN}` } })

const ODD = 'd, e (f)'
const users = () => client.from('users').select('username').order('username')

async function good(request, status = 200) {
	const answer = await request
	assert.equal(answer.error, null)
	assert.equal(answer.status, status)
	return answer
}

async function bad(request, status, code) {
	const answer = await request
	assert.equal(answer.data, null)
	assert.equal(answer.status, status)
	assert.equal(answer.error.code, code)
	return answer.error
}

async function names(request) {
	return (await good(request)).data.map((row) => row.username)
}

// what a test writes is under keys that begin with its own word
async function withNotes(word, run) {
	const own = () => client.from('notes').select('slug,body,n').like('slug', `${word}%`).order('slug')
	await good(client.from('notes').delete().like('slug', `${word}%`), 204)
	try {
		await run(own)
	} finally {
		await good(client.from('notes').delete().like('slug', `${word}%`), 204)
	}
}

describe('select', () => {
	test('all columns, some, renamed and cast', async () => {
		const { data } = await good(client.from('users').select().eq('username', 'bob'))
		assert.deepEqual(data, [{
			username: 'bob', status: 'OFFLINE', age: 20, free: '[5,10)', phrase: "'bat':5 'cat':2",
			data: { lang: 'sql', level: 1 }, tags: ['red'], active: false,
		}])
		const some = await good(client.from('users').select('who:username, years:age::text, data->>lang').eq('username', 'bob'))
		assert.deepEqual(some.data, [{ who: 'bob', years: '20', lang: 'sql' }])
	})

	test('embedded relations, both ways and spread', async () => {
		const up = await good(client.from('messages').select('id, users(username, age), channels!inner(slug)').eq('channels.slug', 'random').order('id'))
		assert.deepEqual(up.data, [
			{ id: 3, users: { username: 'ada', age: 36 }, channels: { slug: 'random' } },
			{ id: 4, users: { username: 'cyd', age: 50 }, channels: { slug: 'random' } },
		])
		const down = await good(client.from('channels').select('slug, messages(id)').order('id').order('id', { referencedTable: 'messages', ascending: false }))
		assert.deepEqual(down.data, [
			{ slug: 'public', messages: [{ id: 2 }, { id: 1 }] }, { slug: 'random', messages: [{ id: 4 }, { id: 3 }] },
			{ slug: 'empty', messages: [] },
		])
		const spread = await good(client.from('messages').select('id, ...channels(channel:slug)').eq('id', 3))
		assert.deepEqual(spread.data, [{ id: 3, channel: 'random' }])
		const counted = await good(client.from('channels').select('slug, messages(count)').order('id'))
		assert.deepEqual(counted.data.map((row) => row.messages[0].count), [2, 2, 0])
	})

	test('head, and counts of each kind', async () => {
		for (const count of ['exact', 'planned', 'estimated']) {
			const { data, count: total } = await good(client.from('users').select('*', { count, head: true }))
			assert.equal(data, null)
			assert.equal(total, 4, count)
		}
		const page = await good(client.from('users').select('username', { count: 'exact' }).order('username').range(1, 2), 206)
		assert.deepEqual([page.data.map((row) => row.username), page.count], [['bob', 'cyd'], 4])
		assert.equal((await good(client.from('users').select('*'))).count, null)
	})

	test('what is not there', async () => {
		await bad(client.from('nothing').select(), 404, 'PGRST205')
		await bad(client.from('users').select('nothing'), 400, '42703')
		await bad(client.from('users').select('nothing(*)'), 400, 'PGRST200')
		await bad(client.from('places').select(), 401, '42501')
		// with HEAD there is no body that could say more
		const head = await client.from('places').select('*', { head: true })
		assert.deepEqual([head.status, head.data], [401, null])
	})
})

describe('schema', () => {
	test('of the client, of a request, and none that is exposed', async () => {
		const too = new PostgrestClient(BASE_URL, { schema: 'clients_too' })
		assert.deepEqual((await good(too.from('greetings').select())).data, [{ id: 1, word: 'ciao' }])
		assert.equal((await good(too.rpc('greet', { name: 'you' }))).data, 'ciao you')
		assert.equal((await good(client.schema('clients_too').rpc('greet', { name: 'you' }, { get: true }))).data, 'ciao you')
		assert.deepEqual(await names(too.schema('clients').from('users').select('username').eq('username', 'ada')), ['ada'])
		await bad(client.schema('gis').from('spatial_ref_sys').select(), 406, 'PGRST106')
	})
})

describe('filters', () => {
	const cases = {
		eq: [(q) => q.eq('username', ODD), [ODD]],
		neq: [(q) => q.neq('age', 20), ['ada', 'cyd']],
		gt: [(q) => q.gt('age', 36), ['cyd']],
		gte: [(q) => q.gte('age', 36), ['ada', 'cyd']],
		lt: [(q) => q.lt('age', 36), ['bob']],
		lte: [(q) => q.lte('age', 36), ['ada', 'bob']],
		like: [(q) => q.like('username', '%b%'), ['bob']],
		likeAllOf: [(q) => q.likeAllOf('username', ['%d%', 'c%']), ['cyd']],
		likeAnyOf: [(q) => q.likeAnyOf('username', ['a%', 'c%']), ['ada', 'cyd']],
		ilike: [(q) => q.ilike('username', 'B%'), ['bob']],
		ilikeAllOf: [(q) => q.ilikeAllOf('username', ['%D%', 'C%']), ['cyd']],
		ilikeAnyOf: [(q) => q.ilikeAnyOf('username', ['A%', 'C%']), ['ada', 'cyd']],
		regexMatch: [(q) => q.regexMatch('username', '^(a|c)[^B]'), ['ada', 'cyd']],
		regexIMatch: [(q) => q.regexIMatch('username', '^B.B$'), ['bob']],
		'is null': [(q) => q.is('age', null), [ODD]],
		'is true': [(q) => q.is('active', true), ['ada']],
		'is false': [(q) => q.is('active', false), ['bob']],
		isDistinct: [(q) => q.isDistinct('status', 'ONLINE'), ['bob', ODD]],
		in: [(q) => q.in('username', ['ada', ODD, 'ada']), ['ada', ODD]],
		'in nothing': [(q) => q.in('username', []), []],
		notIn: [(q) => q.notIn('username', ['ada', ODD]), ['bob', 'cyd']],
		'contains of arrays': [(q) => q.contains('tags', ['blue']), ['ada']],
		'contains of ranges': [(q) => q.contains('free', '[2,3)'), ['ada']],
		'contains of json': [(q) => q.contains('data', { lang: 'c' }), ['ada', 'cyd']],
		'containedBy of arrays': [(q) => q.containedBy('tags', ['red', 'green']), ['bob', 'cyd']],
		'containedBy of ranges': [(q) => q.containedBy('free', '[0,11)'), ['ada', 'bob']],
		'containedBy of json': [(q) => q.containedBy('data', { lang: 'c', more: 1 }), ['cyd']],
		rangeGt: [(q) => q.rangeGt('free', '[2,6)'), ['cyd']],
		rangeGte: [(q) => q.rangeGte('free', '[2,6)'), ['bob', 'cyd']],
		rangeLt: [(q) => q.rangeLt('free', '[5,6)'), ['ada']],
		rangeLte: [(q) => q.rangeLte('free', '[5,10)'), ['ada', 'bob']],
		rangeAdjacent: [(q) => q.rangeAdjacent('free', '[10,20)'), ['bob', 'cyd']],
		'overlaps of arrays': [(q) => q.overlaps('tags', ['blue', 'green']), ['ada']],
		'overlaps of ranges': [(q) => q.overlaps('free', '[4,6]'), ['ada', 'bob']],
		'textSearch of a query': [(q) => q.textSearch('phrase', `'fat' & 'cat'`, { config: 'english' }), ['ada']],
		'textSearch plain': [(q) => q.textSearch('phrase', 'fat bats', { type: 'plain', config: 'english' }), ['cyd']],
		'textSearch phrase': [(q) => q.textSearch('phrase', 'fat cats', { type: 'phrase', config: 'english' }), ['ada']],
		'textSearch websearch': [(q) => q.textSearch('phrase', 'bat or -cat', { type: 'websearch', config: 'english' }), ['bob', 'cyd']],
		match: [(q) => q.match({ status: 'ONLINE', age: 50 }), ['cyd']],
		not: [(q) => q.not('status', 'eq', 'ONLINE'), ['bob']],
		'not of a list': [(q) => q.not('username', 'in', '("ada","d, e (f)")'), ['bob', 'cyd']],
		'not is': [(q) => q.not('active', 'is', null), ['ada', 'bob']],
		or: [(q) => q.or('age.gt.40,and(status.eq.OFFLINE,tags.cs.{red})'), ['bob', 'cyd']],
		filter: [(q) => q.filter('age', 'in', '(20,50)'), ['bob', 'cyd']],
		'filter not': [(q) => q.filter('age', 'not.gt', 40), ['ada', 'bob']],
		'filter of a json path': [(q) => q.eq('data->of->>guild', 'red'), ['ada']],
		'several of one column': [(q) => q.gt('age', 10).lt('age', 40), ['ada', 'bob']],
	}
	for (const [name, [filter, wanted]] of Object.entries(cases)) {
		test(name, async () => assert.deepEqual(await names(filter(users())), wanted))
	}

	test('of embedded relations', async () => {
		const eq = await good(client.from('channels').select('slug, messages(id)').eq('messages.username', 'ada').order('id'))
		assert.deepEqual(eq.data.map((row) => row.messages), [[{ id: 1 }], [{ id: 3 }], []])
		const or = await good(client.from('channels').select('slug, messages(id)').or('username.eq.bob,words.is.null', { referencedTable: 'messages' }).order('id'))
		assert.deepEqual(or.data.map((row) => row.messages), [[{ id: 2 }], [{ id: 4 }], []])
		const none = await good(client.from('channels').select('slug, messages()').is('messages', null))
		assert.deepEqual(none.data, [{ slug: 'empty' }])
	})

	test('that cannot be', async () => {
		await bad(users().eq('age', 'old'), 400, '22P02')
		await bad(users().filter('age', 'zz', 1), 400, 'PGRST100')
		await bad(users().or('age.gt.40'.repeat(2)), 400, '22P02')
	})
})

describe('transforms', () => {
	test('order', async () => {
		const by = async (...order) => (await good(client.from('users').select('username').order(...order))).data.map((row) => row.username)
		assert.deepEqual(await by('age'), ['bob', 'ada', 'cyd', ODD])
		assert.deepEqual(await by('age', { ascending: false }), [ODD, 'cyd', 'ada', 'bob'])
		assert.deepEqual(await by('age', { ascending: false, nullsFirst: false }), ['cyd', 'ada', 'bob', ODD])
		assert.deepEqual(await by('age', { nullsFirst: true }), [ODD, 'bob', 'ada', 'cyd'])
		assert.deepEqual(await names(client.from('users').select('username').order('status').order('age', { ascending: false })),
			['cyd', 'ada', 'bob', ODD])
		const related = await good(client.from('messages').select('id, channels(slug)').order('channels(slug)', { ascending: false }).order('id'))
		assert.deepEqual(related.data.map((row) => row.id), [3, 4, 1, 2])
	})

	test('limit and range, of embedded relations too', async () => {
		assert.deepEqual(await names(users().limit(2)), ['ada', 'bob'])
		assert.deepEqual(await names(users().range(1, 2)), ['bob', 'cyd'])
		assert.deepEqual(await names(users().range(9, 10)), [])
		const limited = await good(client.from('channels').select('messages(id)').order('id')
			.order('id', { referencedTable: 'messages' }).limit(1, { referencedTable: 'messages' }).limit(2))
		assert.deepEqual(limited.data, [{ messages: [{ id: 1 }] }, { messages: [{ id: 3 }] }])
		const ranged = await good(client.from('channels').select('messages(id)').eq('id', 1)
			.order('id', { referencedTable: 'messages' }).range(1, 1, { referencedTable: 'messages' }))
		assert.deepEqual(ranged.data, [{ messages: [{ id: 2 }] }])
		await bad(client.from('users').select('*', { count: 'exact' }).range(9, 10), 416, 'PGRST103')
	})

	test('single and maybeSingle', async () => {
		assert.deepEqual((await good(users().eq('username', 'bob').single())).data, { username: 'bob' })
		await bad(users().single(), 406, 'PGRST116')
		await bad(users().eq('username', 'nobody').single(), 406, 'PGRST116')
		assert.deepEqual((await good(users().eq('username', 'bob').maybeSingle())).data, { username: 'bob' })
		assert.equal((await good(users().eq('username', 'nobody').maybeSingle())).data, null)
		await bad(users().maybeSingle(), 406, 'PGRST116')
	})

	test('csv', async () => {
		const { data } = await good(client.from('users').select('username,age,tags').order('username').csv())
		assert.equal(data, 'username,age,tags\nada,36,"{red,blue}"\nbob,20,{red}\ncyd,50,{}\n"d, e (f)",,')
	})

	test('geojson', async () => {
		const { data } = await good(reader.from('places').select().order('id').geojson())
		assert.equal(data.type, 'FeatureCollection')
		assert.deepEqual(data.features[0], {
			type: 'Feature', geometry: { type: 'Point', coordinates: [9.5, 47.25] }, properties: { id: 1, name: 'here' },
		})
		assert.equal(data.features.length, 2)
	})

	test('explain', async () => {
		const { data: text } = await good(users().explain())
		assert.match(text, /Sort|Index|Seq Scan/)
		assert.doesNotMatch(text, /actual/)
		const { data: json } = await good(users().explain({ format: 'json', analyze: true, verbose: true, buffers: true, wal: true, settings: true }))
		assert.equal(typeof json[0].Plan['Actual Rows'], 'number')
		assert.match((await good(client.rpc('add', { a: 1 }).explain())).data, /Result|Function/)
	})

	test('stripNulls', async () => {
		const all = await good(client.from('users').select('username,age').eq('username', ODD).stripNulls())
		assert.deepEqual(all.data, [{ username: ODD }])
		const one = await good(client.from('users').select('username,age').eq('username', ODD).single().stripNulls())
		assert.deepEqual(one.data, { username: ODD })
	})

	test('returns and overrideTypes change no answer', async () => {
		assert.deepEqual((await good(users().limit(1).returns())).data, [{ username: 'ada' }])
		assert.deepEqual((await good(users().limit(1).overrideTypes())).data, [{ username: 'ada' }])
	})

	test('rollback', () => withNotes('rollback', async (own) => {
		const { data } = await good(client.from('notes').insert({ slug: 'rollback' }).select('slug,n').rollback(), 201)
		assert.deepEqual(data, [{ slug: 'rollback', n: 7 }])
		assert.deepEqual((await good(own())).data, [])
	}))

	test('maxAffected', () => withNotes('max', async (own) => {
		await good(client.from('notes').insert([{ slug: 'max1' }, { slug: 'max2' }]), 201)
		await bad(client.from('notes').update({ n: 1 }).like('slug', 'max%').maxAffected(1), 400, 'PGRST124')
		await bad(client.from('notes').delete().like('slug', 'max%').maxAffected(1), 400, 'PGRST124')
		assert.deepEqual((await good(own())).data.map((row) => row.n), [7, 7])
		await good(client.from('notes').update({ n: 1 }).like('slug', 'max%').maxAffected(2), 204)
		await bad(client.rpc('with_status', { wanted: 'ONLINE' }).maxAffected(1), 400, 'PGRST124')
	}))
})

describe('writes', () => {
	test('insert', () => withNotes('insert', async (own) => {
		const one = await good(client.from('notes').insert({ slug: 'insert1', body: 'a "b"\n' }), 201)
		assert.deepEqual([one.data, one.count], [null, null])
		const many = await good(client.from('notes').insert([{ slug: 'insert2', n: 2 }, { slug: 'insert3', n: 3 }], { count: 'exact' }).select('slug,n'), 201)
		assert.deepEqual([many.data, many.count], [[{ slug: 'insert2', n: 2 }, { slug: 'insert3', n: 3 }], 2])
		const { data } = await good(client.from('notes').insert({ slug: 'insert4' }).select('body').single(), 201)
		assert.deepEqual(data, { body: 'empty' })
		assert.equal((await good(own())).data[0].body, 'a "b"\n')
		await bad(client.from('notes').insert({ slug: 'insert1' }), 409, '23505')
		await bad(client.from('notes').insert({ nothing: 1 }), 400, 'PGRST204')
	}))

	test('insert of rows with different columns', () => withNotes('mixed', async (own) => {
		const rows = [{ slug: 'mixed1', body: 'x' }, { slug: 'mixed2', n: 2 }]
		await bad(client.from('notes').insert(rows), 400, '23502')
		await good(client.from('notes').insert(rows, { defaultToNull: false }), 201)
		assert.deepEqual((await good(own())).data, [{ slug: 'mixed1', body: 'x', n: 7 }, { slug: 'mixed2', body: 'empty', n: 2 }])
	}))

	test('upsert', () => withNotes('upsert', async (own) => {
		await good(client.from('notes').upsert({ id: 1, slug: 'upsert1', n: 1 }), 201)
		const again = await good(client.from('notes').upsert({ id: 1, slug: 'upsert1', n: 2 }).select('n').single())
		assert.deepEqual(again.data, { n: 2 })
		await good(client.from('notes').upsert([{ slug: 'upsert1', n: 3 }, { slug: 'upsert2', n: 4 }], { onConflict: 'slug', count: 'exact' }), 201)
		const ignored = await good(client.from('notes').upsert([{ slug: 'upsert1', n: 5 }, { slug: 'upsert3', n: 6 }], { onConflict: 'slug', ignoreDuplicates: true }).select('slug'), 201)
		assert.deepEqual(ignored.data, [{ slug: 'upsert3' }])
		assert.deepEqual((await good(own())).data.map((row) => row.n), [3, 4, 6])
		await good(client.from('notes').upsert([{ slug: 'upsert1', body: 'x' }, { slug: 'upsert2', n: 9 }], { onConflict: 'slug', defaultToNull: false }))
		assert.deepEqual((await good(own())).data.slice(0, 2), [{ slug: 'upsert1', body: 'x', n: 7 }, { slug: 'upsert2', body: 'empty', n: 9 }])
		await bad(client.from('notes').upsert({ slug: 'upsert1' }, { onConflict: 'body' }), 400, '42P10')
	}))

	test('update', () => withNotes('update', async (own) => {
		await good(client.from('notes').insert([{ slug: 'update1' }, { slug: 'update2' }]), 201)
		const silent = await good(client.from('notes').update({ n: 8 }, { count: 'exact' }).eq('slug', 'update1'), 204)
		assert.deepEqual([silent.data, silent.count], [null, 1])
		const told = await good(client.from('notes').update({ body: null }).like('slug', 'update%').select('slug,body').order('slug'))
		assert.deepEqual(told.data, [{ slug: 'update1', body: null }, { slug: 'update2', body: null }])
		assert.deepEqual((await good(client.from('notes').update({ n: 1 }).eq('slug', 'update9').select())).data, [])
		assert.equal((await good(client.from('notes').update({ n: 1 }).eq('slug', 'update9').select().maybeSingle())).data, null)
		assert.deepEqual((await good(own())).data.map((row) => row.n), [8, 7])
		await bad(client.from('notes').update({ nothing: 1 }).eq('slug', 'update1'), 400, 'PGRST204')
		await bad(client.from('users').update({ age: 1 }).eq('username', 'ada'), 401, '42501')
	}))

	test('delete', () => withNotes('delete', async (own) => {
		await good(client.from('notes').insert([{ slug: 'delete1' }, { slug: 'delete2' }, { slug: 'delete3' }]), 201)
		const counted = await good(client.from('notes').delete({ count: 'exact' }).eq('slug', 'delete1'), 204)
		assert.deepEqual([counted.data, counted.count], [null, 1])
		assert.deepEqual((await good(client.from('notes').delete().eq('slug', 'delete2').select('slug').single())).data, { slug: 'delete2' })
		assert.deepEqual((await good(own())).data.map((row) => row.slug), ['delete3'])
	}))
})

describe('rpc', () => {
	test('by POST, GET and HEAD', async () => {
		assert.equal((await good(client.rpc('add', { a: 1, b: 2 }))).data, 3)
		assert.equal((await good(client.rpc('add', { a: 1, b: undefined }))).data, 11)
		assert.equal((await good(client.rpc('add', { a: 1, b: 2 }, { get: true }))).data, 3)
		assert.equal((await good(client.rpc('add', { a: 1, b: undefined }, { get: true }))).data, 11)
		assert.equal((await good(client.rpc('add', { a: 1 }, { head: true }))).data, null)
		assert.equal((await good(client.rpc('total', { ns: [1, 2, 3] }))).data, 6)
		assert.equal((await good(client.rpc('total', { ns: [1, 2, 3] }, { get: true }))).data, 6)
	})

	test('with an object as an argument', async () => {
		assert.equal((await good(client.rpc('guild_of', { data: { of: { guild: 'red' } } }))).data, 'red')
		// HEAD cannot carry one, so the client sends POST and wants nothing back
		const head = await client.rpc('guild_of', { data: { of: {} } }, { head: true })
		assert.equal(head.error, null)
	})

	test('rows, with filters, order, pages, counts and embeds', async () => {
		const online = () => client.rpc('with_status', { wanted: 'ONLINE' }, { count: 'exact' })
		assert.deepEqual(await names(online()), ['ada', 'cyd'])
		assert.equal((await online()).count, 2)
		assert.deepEqual(await names(online().gt('age', 40)), ['cyd'])
		assert.deepEqual((await good(online().select('username').order('age', { ascending: false }))).data, [{ username: 'cyd' }, { username: 'ada' }])
		const page = await good(online().select('username').limit(1), 206)
		assert.deepEqual([page.data, page.count], [[{ username: 'ada' }], 2])
		assert.deepEqual((await good(online().select('username, messages(id)').eq('username', 'cyd').single())).data,
			{ username: 'cyd', messages: [{ id: 4 }] })
		const got = await good(client.rpc('with_status', { wanted: 'OFFLINE' }, { get: true, count: 'exact' }).select('username'))
		assert.deepEqual([got.data, got.count], [[{ username: 'bob' }], 1])
		assert.equal((await good(client.rpc('with_status', { wanted: 'ONLINE' }, { head: true, count: 'exact' }))).count, 2)
		assert.equal((await good(client.rpc('with_status', { wanted: 'ONLINE' }).select('username,age').csv())).data,
			'username,age\nada,36\ncyd,50')
	})

	test('nothing, and errors', async () => {
		assert.equal((await good(client.rpc('quiet'), 204)).data, null)
		const error = await bad(client.rpc('no_tea'), 418, 'PT418')
		assert.deepEqual([error.message, error.details, error.hint], ['short and stout', 'a handle', 'a spout'])
		await bad(client.rpc('ad', { a: 1 }), 404, 'PGRST202')
		// GET is a transaction that only reads
		await good(client.rpc('quiet', {}, { get: true }), 204)
		await bad(client.rpc('write', {}, { get: true }), 405, '25006')
	})
})

describe('requests', () => {
	test('setHeader, and headers of the client', async () => {
		const own = new PostgrestClient(BASE_URL, { headers: { 'X-Mark': 'of the client' } })
		assert.equal((await good(own.rpc('header', { name: 'x-mark' }))).data, 'of the client')
		assert.equal((await good(own.rpc('header', { name: 'x-mark' }).setHeader('X-Mark', 'of the request'))).data, 'of the request')
	})

	test('a token', async () => {
		assert.equal((await good(reader.from('places').select('*', { count: 'exact', head: true }))).count, 2)
		const wrong = new PostgrestClient(BASE_URL, { headers: { Authorization: 'Bearer x.y.z' } })
		await bad(wrong.from('users').select(), 401, 'PGRST301')
	})

	test('throwOnError', async () => {
		assert.deepEqual((await users().limit(1).throwOnError()).data, [{ username: 'ada' }])
		await assert.rejects(async () => client.from('nothing').select().throwOnError(), (error) => {
			assert.ok(error instanceof PostgrestError)
			assert.equal(error.code, 'PGRST205')
			return true
		})
	})

	test('abortSignal', async () => {
		const controller = new AbortController()
		const request = client.rpc('nap', { seconds: 30 }).abortSignal(controller.signal)
		setTimeout(() => controller.abort(), 100)
		const answer = await request
		assert.deepEqual([answer.status, answer.data], [0, null])
		assert.match(answer.error.message, /AbortError/)
		// and the connection is there for others
		assert.equal((await good(client.rpc('add', { a: 1 }))).data, 11)
	})

	test('a timeout of the client', async () => {
		const hasty = new PostgrestClient(BASE_URL, { timeout: 100 })
		const answer = await hasty.rpc('nap', { seconds: 30 }, { get: true })
		assert.match(answer.error.message, /AbortError/)
		assert.equal((await good(new PostgrestClient(BASE_URL, { timeout: 30000 }).rpc('nap', { seconds: 0 }))).data, 'awake')
	})

	test('a 503 is asked again after its Retry-After', async () => {
		const asked = []
		const fetchOnceElsewhere = (url, init) => {
			asked.push(init.headers['X-Retry-Count'] ?? init.headers['x-retry-count'] ?? null)
			return fetch(asked.length === 1 ? url.replace(BASE_URL, LACKING_URL) : url, init)
		}
		const elsewhere = (options) => new PostgrestClient(BASE_URL, { fetch: fetchOnceElsewhere, ...options })
		assert.deepEqual(await names(elsewhere().from('users').select('username').eq('username', 'ada')), ['ada'])
		assert.deepEqual(asked, [null, '1'])
		for (const request of [
			() => elsewhere({ retry: false }).from('users').select(),
			() => elsewhere().from('users').select().retry(false),
			() => elsewhere().rpc('add', { a: 1 }), // POST may not be sent twice
		]) {
			asked.length = 0
			await bad(request(), 503, 'PGRST002')
			assert.equal(asked.length, 1)
		}
	})

	test('nobody listens', async () => {
		const answer = await new PostgrestClient(CLOSED_URL).from('users').select().retry(false)
		assert.equal(answer.status, 0)
		assert.match(answer.error.details, /ECONNREFUSED/)
	})

	test('a long address', async () => {
		const many = Array.from({ length: 900 }, (_, i) => `nobody${i}`)
		assert.deepEqual(await names(users().in('username', [...many, 'ada'])), ['ada'])
	})
})
