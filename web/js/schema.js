// What the server has for who asks: the OpenAPI document at the root, which names only the tables,
// columns and functions that the role may use.
import { ask, jsonOf } from './api.js';
import { session } from './session.js';

let known = null;

async function fetchDocument(options) {
	return jsonOf(
		await ask('', { headers: { Accept: 'application/openapi+json' }, ...options }),
	);
}

export function schemaDocument() {
	if (known === null) {
		const mine = (known = fetchDocument());
		mine.catch(() => {
			if (known === mine) known = null;
		});
	}
	return known;
}
session.addEventListener('change', () => {
	known = null;
});

const collator = new Intl.Collator();

// method: 'get', 'post', 'patch', 'delete'; path: '/devices', '/rpc/login'.
export async function may(method, path) {
	return method in ((await schemaDocument()).paths[path] ?? {});
}

// Whether somebody without a token may sign in by a password. Who has one is not asked: it may have
// expired.
export async function offersLogin(signal) {
	const { paths } = await fetchDocument({ token: null, signal });
	return 'post' in (paths['/rpc/login'] ?? {});
}

// { name, summary, description, methods } of each table and view, by name.
export async function tables() {
	const { paths, definitions } = await schemaDocument();
	return Object.keys(paths)
		.filter((path) => /^\/[^/]+$/.test(path))
		.map((path) => {
			const name = path.slice(1);
			return {
				name,
				about: definitions?.[name]?.description ?? '',
				methods: Object.keys(paths[path]),
			};
		})
		.sort((a, b) => collator.compare(a.name, b.name));
}

// { name, about, type, format, required, isKey, options } of each column, or null where there is no
// such table.
export async function columnsOf(table) {
	const definition = (await schemaDocument()).definitions?.[table];
	if (!definition) return null;
	const required = new Set(definition.required ?? []);
	return Object.entries(definition.properties ?? {}).map(([name, property]) => ({
		name,
		about: (property.description ?? '').split(/\n*Note:\n/)[0],
		type: property.type,
		format: property.format ?? '',
		required: required.has(name) && property.default === undefined,
		isKey: /<pk\/>/.test(property.description ?? ''),
		options: property.enum ?? null,
	}));
}

// Whether the schema has our devices and what they consumed.
export async function hasFleet() {
	const { paths } = await schemaDocument();
	return '/devices' in paths && '/consumption' in paths && '/rpc/device_series' in paths;
}
