// Runs before the first paint, so that a reader's own theme does not flash into place.
(function () {
	try {
		const theme = localStorage.getItem('swm.theme');
		if (theme === 'light' || theme === 'dark')
			document.documentElement.dataset.theme = theme;
	} catch {
		/* storage is switched off: the system's theme it is */
	}
})();
