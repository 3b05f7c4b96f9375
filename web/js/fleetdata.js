// What the views ask of the schema swm; sql/05-series.sql has the functions.
import { ask, rows, csv, arrayOf, containing, jsonOf, nextOf } from './api.js';
import { session } from './session.js';

export const PAGE_SIZE = 25;
const SPAN_LIVES = 60000;
let span = null; // { at, promise }

async function fetchSpan() {
	const days = await rows('rpc/consumption_days');
	return days.last_date ? days : null;
}

// The first and last day with readings, or null. Several views want it, and it changes once a day;
// who writes readings says forgetSpan().
export function consumptionSpan() {
	if (span === null || Date.now() - span.at > SPAN_LIVES) {
		const mine = (span = { at: Date.now(), promise: fetchSpan() });
		mine.promise.catch(() => {
			if (span === mine) span = null;
		});
	}
	return span.promise;
}

export const forgetSpan = () => {
	span = null;
};
session.addEventListener('change', forgetSpan); // somebody else may see other readings

// { rows, next, total } of one page; after: where it begins, before: where it ends.
export async function devicePage({ search, sort, descending, after, before }, signal) {
	const backwards = before !== null;
	const order = `${sort}.${descending !== backwards ? 'desc' : 'asc'}`;
	const response = await ask('devices', {
		query: {
			select: 'id,device_name',
			device_name: search ? containing(search) : null,
			order,
			limit: PAGE_SIZE,
			after: before ?? after,
		},
		headers: { Prefer: 'count=exact' },
		signal,
	});
	const list = await jsonOf(response, signal);
	const total = Number((response.headers.get('Content-Range') ?? '').split('/')[1]);
	return {
		rows: backwards ? list.reverse() : list,
		more: nextOf(response),
		total: Number.isNaN(total) ? null : total,
	};
}

export const devicesById = (ids, signal) =>
	rows('devices', { select: 'id,device_name', id: `in.(${ids.join(',')})` }, signal);

export const devicesNamed = (text, signal) =>
	rows(
		'devices',
		{
			select: 'id,device_name',
			device_name: containing(text),
			order: 'device_name',
			limit: 10,
		},
		signal,
	);

export const deviceNamed = async (name, signal) =>
	(
		await rows(
			'devices',
			{ select: 'id,device_name', device_name: `eq.${name}` },
			signal,
		)
	)[0] ?? null;

// JSON has no numbers for NaN and the infinities, which a numeric may be: they come as text.
const numberOf = (value) => {
	if (Array.isArray(value)) return value.map(numberOf);
	return typeof value === 'string' ? Number(value) : value;
};
async function totals(name, query, columns, signal) {
	const list = await rows(`rpc/${name}`, query, signal);
	for (const row of list) for (const column of columns) row[column] = numberOf(row[column]);
	return list;
}

export const recentConsumption = (ids, last, days, signal) =>
	totals(
		'recent_consumption',
		{ devices: arrayOf(ids), last_date: last, days },
		['amount', 'per_day'],
		signal,
	);

const seriesQuery = (ids, { first, last, by }) => ({
	devices: arrayOf(ids),
	first_date: first,
	last_date: last,
	bucket: by,
});
export const deviceSeries = (ids, range, signal) =>
	totals('device_series', seriesQuery(ids, range), ['amount', 'smallest', 'largest'], signal);
export const deviceSeriesCsv = (ids, range, signal) =>
	csv('rpc/device_series', seriesQuery(ids, range), signal);

const fleetQuery = ({ first, last, by }) => ({ first_date: first, last_date: last, bucket: by });
export const fleetSeries = (range, signal) =>
	totals('fleet_series', fleetQuery(range), ['amount'], signal);
export const fleetSeriesCsv = (range, signal) => csv('rpc/fleet_series', fleetQuery(range), signal);
export const largestConsumers = ({ first, last }, most, signal) =>
	totals(
		'largest_consumers',
		{ first_date: first, last_date: last, most },
		['amount', 'share'],
		signal,
	);
