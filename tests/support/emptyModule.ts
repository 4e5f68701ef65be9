/** Stands in for styles and pictures, which a bundler would load. */
export default '';
