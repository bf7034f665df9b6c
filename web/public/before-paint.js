// Runs before the first paint, so that nobody who works in the dark is dazzled.
(function () {
  var scheme = 'auto';
  try {
    scheme = localStorage.getItem('mantine-color-scheme-value') || 'auto';
    document.documentElement.lang = localStorage.getItem('modplane-language') || 'en';
  } catch (blocked) {
    // Storage may be forbidden; the system's scheme is right then.
  }
  var dark = scheme === 'dark' || (scheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
