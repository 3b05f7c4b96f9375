// What the page writes into the schema swm: devices and readings. Every function throws an ApiError
// when the server refuses.
import { ask, jsonOf, rows } from './api.js';
import { forgetSpan } from './fleetdata.js';

// Amounts as text: a number of JavaScript would not keep every digit of PostgreSQL's numeric, and
// a comparison with what was read would fail.
const READING = 'id,date,amount::text,unit';

async function write(path, { method, query, body, signal, prefer }) {
	const response = await ask(path, {
		method,
		query,
		headers: { 'Content-Type': 'application/json', Prefer: prefer },
		body: JSON.stringify(body),
		signal,
	});
	forgetSpan();
	return response;
}

export const addDevice = (device, signal) =>
	write('devices', { method: 'POST', body: device, signal, prefer: 'return=minimal' });

export async function highestDeviceNumber(signal) {
	const found = await rows('devices', { select: 'id', order: 'id.desc', limit: 1 }, signal);
	return found[0]?.id ?? 0;
}

// The readings of a device, newest first; after: the last one that is already there.
export const readingsOf = (id, { after, limit }, signal) =>
	rows(
		'consumption',
		{
			select: READING,
			device_id: `eq.${id}`,
			order: 'date.desc,unit,id',
			or: after && olderThan(after),
			limit,
		},
		signal,
	);

function olderThan({ date, unit, id }) {
	const text = `"${unit.replace(/[\\"]/g, '\\$&')}"`;
	return `(date.lt.${date},and(date.eq.${date},or(unit.gt.${text},and(unit.eq.${text},id.gt.${id}))))`;
}

const one = async (query, signal) =>
	(await rows('consumption', { select: READING, ...query }, signal))[0] ?? null;

export const readingById = (id, signal) => one({ id: `eq.${id}` }, signal);
export const readingOn = (deviceId, { date, unit }, signal) =>
	one({ device_id: `eq.${deviceId}`, date: `eq.${date}`, unit: `eq.${unit}` }, signal);

export const addReading = (deviceId, reading, signal) =>
	write('consumption', {
		method: 'POST',
		body: { device_id: deviceId, ...reading },
		signal,
		prefer: 'return=minimal',
	});

// Changes a reading if it still is what was shown. Whether it was: somebody else may have changed
// or removed it since.
export async function correctReading(shown, changes, signal) {
	const response = await write('consumption', {
		method: 'PATCH',
		query: {
			id: `eq.${shown.id}`,
			date: `eq.${shown.date}`,
			amount: `eq.${shown.amount}`,
			unit: `eq.${shown.unit}`,
			select: 'id',
		},
		body: changes,
		signal,
		prefer: 'return=representation',
	});
	return (await jsonOf(response, signal)).length > 0;
}
