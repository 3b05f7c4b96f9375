// What the views ask of the schema swm; sql/05-series.sql has the functions.
import { ask, rows, csv, arrayOf, jsonOf, nextOf } from './api.js';
import { session } from './session.js';

export const PAGE_SIZE = 25;
const SPAN_LIVES = 60000;
let span = null; // { at, promise }

// swm.consumption_span() has both too, but counts every reading.
async function fetchSpan() {
	const end = async (order) =>
		(await rows('consumption', { select: 'date', order, limit: 1 }))[0]?.date;
	const [first_date, last_date] = await Promise.all([end('date'), end('date.desc')]);
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

// Text that is searched for stands for itself: * alone cannot be escaped, _ is any one character.
const pattern = (text) => `ilike.*${text.replace(/[\\%_]/g, '\\$&').replaceAll('*', '_')}*`;

// { rows, next, total } of one page; after: where it begins, before: where it ends.
export async function devicePage({ search, sort, descending, after, before }, signal) {
	const backwards = before !== null;
	const order = `${sort}.${descending !== backwards ? 'desc' : 'asc'}`;
	const response = await ask('devices', {
		query: {
			select: 'id,device_name',
			device_name: search ? pattern(search) : null,
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
			device_name: pattern(text),
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

export const recentConsumption = (ids, last, days, signal) =>
	rows('rpc/recent_consumption', { devices: arrayOf(ids), last_date: last, days }, signal);

const seriesQuery = (ids, { first, last, by }) => ({
	devices: arrayOf(ids),
	first_date: first,
	last_date: last,
	bucket: by,
});
export const deviceSeries = (ids, range, signal) =>
	rows('rpc/device_series', seriesQuery(ids, range), signal);
export const deviceSeriesCsv = (ids, range, signal) =>
	csv('rpc/device_series', seriesQuery(ids, range), signal);

const fleetQuery = ({ first, last, by }) => ({ first_date: first, last_date: last, bucket: by });
export const fleetSeries = (range, signal) => rows('rpc/fleet_series', fleetQuery(range), signal);
export const fleetSeriesCsv = (range, signal) => csv('rpc/fleet_series', fleetQuery(range), signal);
export const largestConsumers = ({ first, last }, most, signal) =>
	rows('rpc/largest_consumers', { first_date: first, last_date: last, most }, signal);
