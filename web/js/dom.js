// Elements by calls. Text is only ever a text node, so nobody's data is read as HTML.
const SVG = 'http://www.w3.org/2000/svg';

function fill(element, props, children) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === null || value === undefined || value === false) continue;
		if (typeof value === 'function') element.addEventListener(name.slice(2), value);
		else element.setAttribute(name, value === true ? '' : value);
	}
	element.append(
		...children
			.flat(Infinity)
			.filter(
				(child) => child !== null && child !== undefined && child !== false,
			),
	);
	return element;
}

// h('a', { href, onclick: f }, 'text', child, [more])
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const svg = (tag, props, ...children) =>
	fill(document.createElementNS(SVG, tag), props, children);

let last = 0;
export const newId = (word) => `${word}-${++last}`;

// A button that works: it keeps the focus, which a disabled one would lose.
export function setBusy(button, busy) {
	if (busy) button.setAttribute('aria-disabled', 'true');
	else button.removeAttribute('aria-disabled');
}
export const isBusy = (button) => button.hasAttribute('aria-disabled');

// For screen readers; the same text twice is said twice.
export function announce(text) {
	const place = document.getElementById('announcer');
	place.textContent = '';
	requestAnimationFrame(() => {
		place.textContent = text;
	});
}
