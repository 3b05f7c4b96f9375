// Days as text, 2025-03-09, counted in UTC so that no time zone moves them.
const DAY = 86400000;

export const toTime = (iso) => Date.parse(`${iso}T00:00:00Z`);
export const fromTime = (time) => new Date(time).toISOString().slice(0, 10);
export const addDays = (iso, count) => fromTime(toTime(iso) + count * DAY);
export const daysBetween = (first, last) => Math.round((toTime(last) - toTime(first)) / DAY) + 1;

export function isDay(text) {
	return (
		/^\d{4}-\d\d-\d\d$/.test(text) &&
		!Number.isNaN(toTime(text)) &&
		fromTime(toTime(text)) === text
	);
}

// The last day of the bucket that begins on a day.
export function lastDay(iso, by) {
	if (by === 'week') return addDays(iso, 6);
	if (by === 'day') return iso;
	const [year, month] = iso.split('-').map(Number);
	return fromTime(Date.UTC(year, month, 0));
}
