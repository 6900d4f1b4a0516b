using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Smelt.Engine.Tests")]
