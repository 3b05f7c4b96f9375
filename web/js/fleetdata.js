// What the views ask of the schema swm; sql/05-series.sql has the functions.
import { ask, rows, csv, arrayOf, containing, jsonOf, nextOf } from './api.js';
import { addDays, fromTime } from './dates.js';
import { session } from './session.js';

export const PAGE_SIZE = 25;
const SPAN_LIVES = 60000;
let span = null; // { at, promise }

const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';

// As swm.consumption_span(), which counts every reading too: what is later than tomorrow was sent by a
// wrong clock, and counts when there is nothing else.
async function fetchSpan() {
	const end = async (order, until) =>
		(
			await rows('consumption', {
				select: 'date',
				and: `(date.gte.${FIRST_DAY},date.lte.${until})`,
				order,
				limit: 1,
			})
		)[0]?.date;
	const tomorrow = addDays(fromTime(Date.now()), 1);
	const [first_date, known] = await Promise.all([
		end('date', LAST_DAY),
		end('date.desc', tomorrow),
	]);
	const last_date = known ?? (first_date && (await end('date.desc', LAST_DAY)));
	return last_date ? { first_date, last_date } : null;
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
