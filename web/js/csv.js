// CSV (RFC 4180) as the API reads it: rows of a text for a preview, and a file cut into pieces of
// whole rows.
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const LONGEST_ROW = 16 << 20;

export class CsvError extends Error {}

// The first rows of a text as arrays of fields; a row that the text's end cuts off is left out
// unless the text is whole.
export function parseRows(text, most, whole) {
	const rows = [];
	let row = [];
	let field = '';
	let quoted = false;
	let began = false; // this row has something of it
	const endRow = () => {
		rows.push([...row, field]);
		row = [];
		field = '';
		began = false;
	};
	for (let i = 0; i < text.length && rows.length < most; i++) {
		const letter = text[i];
		if (quoted) {
			if (letter !== '"') field += letter;
			else if (text[i + 1] === '"') field += text[i++];
			else quoted = false;
		} else if (letter === '"') {
			quoted = began = true;
		} else if (letter === ',') {
			row.push(field);
			field = '';
			began = true;
		} else if (letter === '\n') {
			if (began) endRow();
		} else if (letter !== '\r') {
			field += letter;
			began = true;
		}
	}
	if (began && whole && rows.length < most) endRow();
	return rows;
}

// Where rows end in bytes: each end is the index after its newline. The last row may have none.
function rowEnds(bytes, isLast) {
	const ends = [];
	let quoted = false;
	for (let i = 0; i < bytes.length; i++) {
		if (bytes[i] === QUOTE) quoted = !quoted;
		else if (bytes[i] === NEWLINE && !quoted) ends.push(i + 1);
	}
	if (isLast && bytes.length > (ends.at(-1) ?? 0)) ends.push(bytes.length);
	return ends;
}

export function countLines(bytes) {
	let lines = 0;
	for (const byte of bytes) if (byte === NEWLINE) lines++;
	return lines;
}

const isBlank = (bytes) => bytes.every((byte) => byte === NEWLINE || byte === 0x0d);

function join(a, b) {
	const all = new Uint8Array(a.length + b.length);
	all.set(a);
	all.set(b, a.length);
	return all;
}

// { bytes, rows, firstLine } of whole rows: rows are their [begin, end] in bytes, blank ones left
// out; lines are counted from 1.
function pieceOf(bytes, ends, firstLine) {
	const rows = [];
	let begin = 0;
	for (const end of ends) {
		if (!isBlank(bytes.subarray(begin, end))) rows.push([begin, end]);
		begin = end;
	}
	return { bytes: bytes.subarray(0, ends.at(-1) ?? 0), rows, firstLine };
}

// The first line that is not UTF-8, or null.
function badLine({ bytes, firstLine }) {
	const decoder = new TextDecoder('utf-8', { fatal: true });
	try {
		decoder.decode(bytes);
		return null;
	} catch {
		let line = firstLine;
		let begin = 0;
		for (
			let end = bytes.indexOf(NEWLINE);
			end !== -1;
			end = bytes.indexOf(NEWLINE, begin)
		) {
			try {
				decoder.decode(bytes.subarray(begin, end));
			} catch {
				return line;
			}
			begin = end + 1;
			line += 1;
		}
		return line;
	}
}

// Pieces of about size bytes from an offset of a file on; firstLine: the number of the line there.
export async function* piecesOf(file, { offset, firstLine, size }) {
	let rest = new Uint8Array(0);
	let line = firstLine;
	for (let at = offset; at < file.size; at += size) {
		const read = new Uint8Array(await file.slice(at, at + size).arrayBuffer());
		const bytes = join(rest, read);
		const ends = rowEnds(bytes, at + size >= file.size);
		if (ends.length === 0 && bytes.length > LONGEST_ROW)
			throw new CsvError(
				`The row that begins in line ${line} is longer than 16 MiB: a quote may not be closed.`,
			);
		const piece = pieceOf(bytes, ends, line);
		const bad = badLine(piece);
		if (bad !== null) throw new CsvError(`Line ${bad} is not UTF-8.`);
		rest = bytes.subarray(piece.bytes.length);
		line += countLines(piece.bytes);
		if (piece.rows.length > 0) yield piece;
	}
}

// Both halves of a piece.
export function halves({ bytes, rows, firstLine }) {
	const middle = rows.length >> 1;
	const [cut] = rows[middle];
	return [
		{ bytes: bytes.subarray(0, cut), rows: rows.slice(0, middle), firstLine },
		{
			bytes: bytes.subarray(cut),
			rows: rows.slice(middle).map(([begin, end]) => [begin - cut, end - cut]),
			firstLine: firstLine + countLines(bytes.subarray(0, cut)),
		},
	];
}

const PREVIEW = 256 << 10;
const UTF8_MARK = [0xef, 0xbb, 0xbf];

// { header, columns, sample, offset, firstLine }: what the file begins with, header as bytes, and
// where the other rows begin. Throws a CsvError when it is no CSV that the API would take.
export async function beginningOf(file) {
	if (file.size === 0) throw new CsvError('The file is empty.');
	const all = new Uint8Array(await file.slice(0, PREVIEW).arrayBuffer());
	if ((all[0] === 0xff && all[1] === 0xfe) || (all[0] === 0xfe && all[1] === 0xff))
		throw new CsvError('The file is UTF-16. Save it as UTF-8 and choose it again.');
	const mark = UTF8_MARK.every((byte, i) => all[i] === byte) ? UTF8_MARK.length : 0;
	const bytes = all.subarray(mark);
	if (bytes.includes(0)) throw new CsvError('The file has a zero byte: it is not a text.');
	const whole = all.length === file.size;
	const ends = rowEnds(bytes, whole);
	if (ends.length === 0) throw new CsvError('The first row does not end: is it CSV?');
	const piece = pieceOf(bytes, ends, 1);
	const bad = badLine(piece);
	if (bad !== null)
		throw new CsvError(
			`Line ${bad} is not UTF-8. Save the file as UTF-8 and choose it again.`,
		);
	if (piece.rows.length === 0) throw new CsvError('The file has only blank lines.');
	const end = piece.rows[0][1];
	const [columns, ...sample] = parseRows(new TextDecoder().decode(piece.bytes), 6, true);
	return {
		header: withNewline(bytes.subarray(piece.rows[0][0], end)),
		columns,
		sample,
		offset: mark + end,
		firstLine: 1 + countLines(bytes.subarray(0, end)),
	};
}

const withNewline = (bytes) =>
	bytes.at(-1) === NEWLINE ? bytes : join(bytes, Uint8Array.of(NEWLINE));
