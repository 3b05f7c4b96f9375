// Numbers and dates in the reader's own form (Intl with no locale named is the browser's).
import { isDay, lastDay } from './dates.js';

const numbers = [0, 1, 2, 3].map(
	(digits) => new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }),
);
const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
const exact = new Intl.NumberFormat(undefined, { maximumFractionDigits: 20 });
const percents = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const days = new Intl.DateTimeFormat(undefined, {
	timeZone: 'UTC',
	day: 'numeric',
	month: 'short',
	year: 'numeric',
});
const months = new Intl.DateTimeFormat(undefined, {
	timeZone: 'UTC',
	month: 'long',
	year: 'numeric',
});

// About four digits that matter: 0.0596, 12.35, 123.4, 1,235
export function number(value) {
	const size = Math.abs(value);
	const form =
		size < 1 ? small : numbers[size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3];
	return form.format(value);
}

export const exactNumber = (value) => exact.format(value);
export const integer = (value) => numbers[0].format(value);
export const percent = (value) => percents.format(value);
export const amount = (value, unit) => `${number(value)}\u00a0${unit}`;

// --- numbers that somebody typed ---

const DECIMAL = new Intl.NumberFormat()
	.formatToParts(1.5)
	.find(({ type }) => type === 'decimal').value;
const digits = [
	...new Intl.NumberFormat(undefined, { useGrouping: false }).format(9876543210),
].reverse();

// A number as PostgreSQL writes it, for a field; no digit of it is lost.
export const inOwnForm = (text) => String(text).replace('.', DECIMAL);

// In digits of ASCII, without what stands between groups of three and is no comma or full stop.
function plain(text) {
	const known = [...text].map((letter) =>
		digits.includes(letter) ? digits.indexOf(letter) : letter,
	);
	const mark = /[.,]/.test(DECIMAL) ? DECIMAL : '.';
	return known
		.join('')
		.replace(/[\s'’٬]/g, '')
		.replace('−', '-')
		.replaceAll(DECIMAL, mark);
}

// The other way round: what was typed, as PostgreSQL reads it. Somebody may write 12,5 where 12.5 is
// usual; but 1,234 is a thousand there and one elsewhere, so that is refused.
export function typedNumber(text) {
	const [, sign, typed] = /^([-+]?)(.*)$/s.exec(plain(text.trim()));
	const marks = typed.match(/[.,]/g) ?? [];
	const last = marks.at(-1);
	const isGrouped = marks.length > 1 && marks[0] === last;
	const [whole, part = ''] = isGrouped || !last ? [typed] : typed.split(last);
	const isWhole = /^(\d*|\d{1,3}([.,])\d{3}(\2\d{3})*)$/.test(whole);
	if (!isWhole || !/^\d*$/.test(part) || whole + part === '')
		throw new Error(`“${text}” is not an amount like ${inOwnForm('12.5')}.`);
	const isThousands = /^[1-9]\d{0,2}$/.test(whole) && /^\d{3}$/.test(part);
	if (marks.length === 1 && last !== plain(DECIMAL) && isThousands)
		throw new Error(
			`“${text}” can be read in two ways: write ${whole}${part} or ${inOwnForm(`${whole}.${part}`)}.`,
		);
	const number = whole.replace(/[.,]/g, '') || '0';
	return `${sign}${number}${part && `.${part}`}`;
}

// --- dates ---

const utc = (iso) => new Date(`${iso}T00:00:00Z`);

// PostgreSQL has days that JavaScript has not, such as infinity: they are shown as it writes them.
export const date = (iso) => (isDay(iso) ? days.format(utc(iso)) : iso);
export const dateRange = (first, last) =>
	isDay(first) && isDay(last)
		? days.formatRange(utc(first), utc(last))
		: `${date(first)} – ${date(last)}`;

// A bucket by its first day: a day, a week as its two ends, a month by its name; of one that the
// range cuts off, the days that are in it.
export function bucketName(iso, { first, last, by }) {
	if (by === 'day' || !isDay(iso)) return date(iso);
	const end = lastDay(iso, by);
	if (by === 'month' && iso >= first && end <= last) return months.format(utc(iso));
	return dateRange(iso < first ? first : iso, end > last ? last : end);
}

// For an axis: as short as it can be said.
const axisForms = {
	year: new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', year: 'numeric' }),
	month: new Intl.DateTimeFormat(undefined, {
		timeZone: 'UTC',
		month: 'short',
		year: '2-digit',
	}),
	day: new Intl.DateTimeFormat(undefined, {
		timeZone: 'UTC',
		day: 'numeric',
		month: 'short',
	}),
};
export const axisDate = (date, form) => axisForms[form].format(date);

const counts = new Intl.PluralRules('en');
export const counted = (count, one, other) =>
	`${integer(count)} ${counts.select(count) === 'one' ? one : other}`;
