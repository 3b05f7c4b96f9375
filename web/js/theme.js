// The switch between light, dark and what the system says. early.js applies what is kept.
const KEY = 'swm.theme';
const root = document.documentElement;
const listeners = new Set();

function keep(theme) {
	try {
		localStorage.setItem(KEY, theme);
	} catch {
		/* it lasts as long as the page, then */
	}
}

function apply(theme) {
	if (theme === 'auto') delete root.dataset.theme;
	else root.dataset.theme = theme;
	for (const listener of listeners) listener();
}

// Canvases are painted in the colours of the moment, so they must hear of a change.
export function onThemeChange(listener, signal) {
	listeners.add(listener);
	signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
}

export function startTheme(select) {
	select.value = root.dataset.theme ?? 'auto';
	select.addEventListener('change', () => {
		keep(select.value);
		apply(select.value);
	});
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
		apply(select.value),
	);
}
